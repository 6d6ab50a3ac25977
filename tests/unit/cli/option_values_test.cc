#include "cli/option_values.h"

#include <string>

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

template <typename T>
std::string ErrorOf(const Parsed<T>& parsed) {
  return parsed ? "none" : parsed.error();
}

TEST(OptionValues, Numbers) {
  EXPECT_EQ(*ParsePort("65535"), 65535);
  EXPECT_EQ(ErrorOf(ParsePort("65536")),
            "expected a port from 1 to 65535, or 0 for any free port, found '65536'");
  EXPECT_FALSE(ParsePort(""));
  EXPECT_FALSE(ParsePort("80a"));
  EXPECT_EQ(*ParseSeconds("60"), 60U);
  EXPECT_EQ(ErrorOf(ParseSeconds("3s")),
            "expected a number of seconds from 1 to 60, without a unit, found '3s'");
  EXPECT_FALSE(ParseSeconds("0"));
  EXPECT_FALSE(ParseSeconds("61"));
}

TEST(OptionValues, PartsOfARequest) {
  EXPECT_EQ(*ParseMethod("POST"), "POST");
  EXPECT_EQ(ErrorOf(ParseMethod("G T")), "expected a method of HTTP such as GET, found 'G T'");
  EXPECT_EQ(*ParseHeaderField("Origin:"), "Origin:");
  EXPECT_EQ(ErrorOf(ParseHeaderField("Origin")),
            "expected a header field such as 'Origin: https://app.example.com', found 'Origin'");
  EXPECT_FALSE(ParseHeaderField(": x"));
  EXPECT_FALSE(ParseHeaderField("a: b\r\nc: d"));
  EXPECT_FALSE(ParseHeaderField("a b: c"));
  EXPECT_EQ(*ParseClient("unix"), std::nullopt);
  EXPECT_EQ((*ParseClient("::1"))->ToString(), "::1");
  EXPECT_EQ(ErrorOf(ParseClient("nobody")),
            "expected an IP address such as 192.0.2.7, or 'unix', found 'nobody'");
  EXPECT_EQ(ParseClaim("a=b=c")->value, "b=c");
  EXPECT_EQ(ErrorOf(ParseClaim("=b")), "expected name=value, found '=b'");
  EXPECT_EQ(*ParseUrl("WSS://a/"), "WSS://a/");
  EXPECT_EQ(*ParseUrl("tcp:"), "tcp:");
  for (const char* url : {"/vnc", "ftp://a/", "tcp://a", "ws:", ""}) {
    EXPECT_EQ(ErrorOf(ParseUrl(url)),
              "expected a URL such as wss://www.example.com/path, of ws, wss, http or https, or "
              "'tcp:', found '" +
                  std::string(url) + "'");
  }
}

}  // namespace
}  // namespace sluice::cli
