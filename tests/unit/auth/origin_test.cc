#include "sluice/auth/origin.h"

#include <gtest/gtest.h>

namespace sluice::auth {
namespace {

TEST(OriginTest, SameOriginIsTheDefault) {
  const struct {
    const char* origin;
    const char* host;
    bool allowed;
  } rows[] = {
      {"http://example.com", "example.com", true},
      {"http://example.com:8080", "example.com:8080", true},
      {"http://example.com", "example.com:80", true},
      {"http://example.com:80", "example.com", true},
      {"https://example.com:443", "example.com", true},
      {"https://example.com", "example.com:443", true},
      {"HTTP://Example.COM", "eXample.com", true},
      // A proxy in front ends TLS, and passes the Host on.
      {"https://example.com", "example.com", true},
      {"https://example.com:8443", "example.com:8443", true},
      {"http://[::1]:8080", "[::1]:8080", true},
      {"http://[::1]", "[::1]:80", true},
      {"http://[2001:DB8::1]", "[2001:db8::1]", true},
      {"http://[::1]:80", "[::1]:8080", false},
      // Another port, host or scheme's port.
      {"http://example.com:8080", "example.com", false},
      {"http://example.com", "example.com:8080", false},
      {"http://example.com", "example.com:443", false},
      {"https://example.com", "example.com:80", false},
      {"http://example.org", "example.com", false},
      {"http://www.example.com", "example.com", false},
      {"http://example.com.evil.org", "example.com", false},
      {"http://evil-example.com", "example.com", false},
      {"http://example.com@evil.org", "example.com", false},
      {"http://evil.org/example.com", "example.com", false},
      {"http://localhost", "127.0.0.1", false},
      // No origin that could be the same.
      {"null", "example.com", false},
      {"null", "null", false},
      {"", "example.com", false},
      {"", "", false},
      {"example.com", "example.com", false},
      {"http://", "", false},
      {"http://:80", ":80", false},
      {"file://", "", false},
      // Of the same authority, but neither of http nor of https.
      {"x://localhost", "localhost", false},
      {"://localhost", "localhost", false},
      {"ws://localhost", "localhost", false},
      {"ftp://localhost:8080", "localhost:8080", false},
      {"httpss://localhost", "localhost", false},
      {"chrome-extension://abcdef", "abcdef", false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(IsOriginAllowed(row.origin, row.host, std::nullopt), row.allowed)
        << row.origin << " at " << row.host;
  }
}

TEST(OriginTest, AMissingOriginIsNoBrowser) {
  EXPECT_TRUE(IsOriginAllowed(std::nullopt, "example.com", std::nullopt));
  EXPECT_TRUE(IsOriginAllowed(std::nullopt, "example.com", std::vector<std::string>{}));
}

TEST(OriginTest, AListSaysItAll) {
  const std::vector<std::string> allowed = {"https://lab.example.com", "http://[::1]:8080",
                                            "chrome-extension://abcdef"};
  const struct {
    const char* origin;
    bool allowed;
  } rows[] = {
      {"https://lab.example.com", true},
      {"https://LAB.example.com", true},
      {"https://lab.example.com:443", true},
      {"https://lab.example.com:8443", false},
      {"http://lab.example.com", false},
      {"https://example.com", false},
      {"https://x.lab.example.com", false},
      {"http://[::1]:8080", true},
      {"http://[::1]", false},
      {"chrome-extension://abcdef", true},
      {"null", false},
      {"*", false},
      {"", false},
      {"https://gateway.example.com", false},  // The same origin is not in the list.
  };
  for (const auto& row : rows) {
    EXPECT_EQ(IsOriginAllowed(row.origin, "gateway.example.com", allowed), row.allowed)
        << row.origin;
  }
}

TEST(OriginTest, AMissingOriginCanBeRefused) {
  EXPECT_FALSE(IsOriginAllowed(std::nullopt, "example.com", std::nullopt, true));
  EXPECT_FALSE(IsOriginAllowed(std::nullopt, "example.com", std::vector<std::string>{"*"}, true));
  EXPECT_TRUE(IsOriginAllowed("http://example.com", "example.com", std::nullopt, true));
}

TEST(OriginTest, AStarStandsForNamesBelow) {
  const std::vector<std::string> allowed = {"https://*.example.com", "http://*.lab.test:8080"};
  const struct {
    const char* origin;
    bool allowed;
  } rows[] = {
      {"https://a.example.com", true},
      {"https://A.B.Example.com:443", true},
      {"https://example.com", false},
      {"https://.example.com", false},
      {"http://a.example.com", false},
      {"https://a.example.com:8443", false},
      {"https://aexample.com", false},
      {"https://a.example.com.evil.org", false},
      {"https://evil.org:443@a.example.com", false},
      {"https://evil.org/.example.com", false},
      {"https://[::1].example.com", false},
      {"http://a.lab.test:8080", true},
      {"http://a.lab.test", false},
      {"null", false},
      {"", false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(IsOriginAllowed(row.origin, "gateway.example.com", allowed), row.allowed)
        << row.origin;
  }
}

TEST(OriginTest, APageWithoutTlsIsNotOfTheOriginOfATlsListener) {
  const auto is_allowed = [](const char* origin, const char* host, bool is_tls) {
    return IsOriginAllowed(origin, host, std::nullopt, false, is_tls);
  };
  EXPECT_TRUE(is_allowed("https://example.com", "example.com", true));
  EXPECT_TRUE(is_allowed("https://example.com:8443", "example.com:8443", true));
  EXPECT_FALSE(is_allowed("http://example.com", "example.com", true));
  EXPECT_FALSE(is_allowed("http://example.com:8443", "example.com:8443", true));
  EXPECT_FALSE(is_allowed("http://example.com", "example.com:80", true));
  EXPECT_FALSE(is_allowed("moz-extension://example.com", "example.com", true));
  EXPECT_TRUE(is_allowed("http://example.com", "example.com", false));
  // What the file lists is allowed, whatever the scheme.
  EXPECT_TRUE(IsOriginAllowed("http://a", "b", std::vector<std::string>{"http://a"}, false, true));
}

TEST(OriginTest, AnyPortAndAnyHostOfAScheme) {
  const std::vector<std::string> allowed = {
      "http://localhost:*",        "https://*.example.com:*", "http://[::1]:*", "moz-extension://*",
      "chrome-extension://abcdef", "vscode-webview://*",      "file://",
  };
  const struct {
    const char* origin;
    bool allowed;
  } rows[] = {
      {"http://localhost", true},
      {"http://localhost:80", true},
      {"http://localhost:5173", true},
      {"http://LOCALHOST:3000", true},
      {"https://localhost:5173", false},
      {"http://localhost:", false},
      {"http://localhost:5173@evil.org", false},
      {"http://localhost:99999", false},
      {"http://localhost.evil.org:5173", false},
      {"http://a.localhost:5173", false},
      {"https://a.example.com", true},
      {"https://a.b.example.com:8443", true},
      {"https://example.com:8443", false},
      {"http://[::1]:5173", true},
      {"http://[::1]", true},
      {"http://[::2]:5173", false},
      {"moz-extension://0f5c1d2e-8a53-4d43-9d0c-7b0d1c2e3f40", true},
      {"moz-extension://", false},
      {"moz-extension://a:80", false},
      {"moz-extension://a/b", false},
      {"chrome-extension://abcdef", true},
      {"chrome-extension://ABCDEF", true},
      {"chrome-extension://abcdeg", false},
      {"vscode-webview://1c0k8b2q", true},
      {"file://", true},
      {"file:///", false},
      {"file://host", false},
      {"null", false},
      {"", false},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(IsOriginAllowed(row.origin, "gateway.example.com", allowed), row.allowed)
        << row.origin;
  }
}

TEST(OriginTest, SpecialEntries) {
  const std::vector<std::string> any = {"*"};
  for (const char* origin : {"https://anywhere.example", "null", "", "nonsense"}) {
    EXPECT_TRUE(IsOriginAllowed(origin, "h", any)) << origin;
  }
  const std::vector<std::string> null = {"null"};
  EXPECT_TRUE(IsOriginAllowed("null", "h", null));
  EXPECT_FALSE(IsOriginAllowed("http://h", "h", null));
  const std::vector<std::string> nobody;
  EXPECT_FALSE(IsOriginAllowed("http://h", "h", nobody));
}

}  // namespace
}  // namespace sluice::auth
