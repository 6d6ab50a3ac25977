// The single values and patterns of a configuration.
#include "config/values.h"

#include <chrono>

#include <gtest/gtest.h>

#include "sluice/config/patterns.h"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;

constexpr TimeoutRange kRange{1s, 1h};
constexpr TimeoutRange kRangeOrOff{1s, 1h, true};

TEST(ParseTimeout, ReadsEveryUnit) {
  EXPECT_EQ(*ParseTimeout("1500ms", kRange), 1500ms);
  EXPECT_EQ(*ParseTimeout("30s", kRange), 30s);
  EXPECT_EQ(*ParseTimeout("5m", kRange), 5min);
  EXPECT_EQ(*ParseTimeout("1h", kRange), 1h);
  EXPECT_EQ(*ParseTimeout("off", kRangeOrOff), 0ms);
}

TEST(ParseTimeout, NamesTheBounds) {
  for (const char* text : {"", "999ms", "61m", "0s", "5", "s", "-1s", "1.5s", "1 s", "1S", "off",
                           "1h30m", "99999999999999999999h"}) {
    const auto timeout = ParseTimeout(text, kRange);
    ASSERT_FALSE(timeout) << text;
    EXPECT_EQ(timeout.error(), "expected a duration from 1s to 1h (units ms, s, m, h), found '" +
                                   std::string(text) + '\'');
  }
  EXPECT_EQ(ParseTimeout("0", kRangeOrOff).error(),
            "expected a duration from 1s to 1h (units ms, s, m, h) or 'off', found '0'");
}

TEST(ParseSize, ReadsEveryUnit) {
  constexpr Range kSizes{256, 2 * 1024 * 1024};
  EXPECT_EQ(*ParseSize("4096", kSizes), 4096U);
  EXPECT_EQ(*ParseSize("16KiB", kSizes), 16U * 1024);
  EXPECT_EQ(*ParseSize("2MiB", kSizes), 2U * 1024 * 1024);
  for (const char* text : {"255", "3MiB", "16KB", "16K", "KiB", "", "1GiB", "-1"}) {
    const auto size = ParseSize(text, kSizes);
    ASSERT_FALSE(size) << text;
    EXPECT_EQ(size.error(), "expected a size from 256 to 2MiB (bytes, or units KiB, MiB), found '" +
                                std::string(text) + '\'');
  }
}

TEST(ParseSizeOrAuto, ReadsBoth) {
  constexpr Range kSizes{256, 1024};
  EXPECT_EQ(*ParseSizeOrAuto("auto", kSizes), 0U);
  EXPECT_EQ(*ParseSizeOrAuto("1KiB", kSizes), 1024U);
  const auto size = ParseSizeOrAuto("off", kSizes);
  ASSERT_FALSE(size);
  EXPECT_EQ(size.error(),
            "expected 'auto' or a size from 256 to 1KiB (bytes, or units KiB, MiB), found 'off'");
}

TEST(ParseCount, HoldsItsBounds) {
  EXPECT_EQ(*ParseCount("1", {1, 10}), 1U);
  EXPECT_EQ(*ParseCount("10", {1, 10}), 10U);
  EXPECT_EQ(ParseCount("11", {1, 10}).error(), "expected a number from 1 to 10, found '11'");
  EXPECT_FALSE(ParseCount("0", {1, 10}));
  EXPECT_FALSE(ParseCount("ten", {1, 10}));
}

TEST(ParseWorkers, ReadsAutoAndNumbers) {
  EXPECT_EQ(*ParseWorkers("auto"), 0U);
  EXPECT_EQ(*ParseWorkers("256"), 256U);
  EXPECT_EQ(ParseWorkers("0").error(), "expected 'auto' or a number from 1 to 256, found '0'");
  EXPECT_FALSE(ParseWorkers("257"));
}

TEST(ParseName, TakesWhatAMetricsLabelShouldHold) {
  EXPECT_EQ(*ParseName("Vnc-1_a.b"), "Vnc-1_a.b");
  EXPECT_TRUE(ParseName(std::string(64, 'a')));
  EXPECT_FALSE(ParseName(std::string(65, 'a')));
  EXPECT_FALSE(ParseName(""));
  EXPECT_EQ(ParseName("a b").error(),
            "expected a name of 1 to 64 letters, digits, '-', '_' and '.', found 'a b'");
}

TEST(ParseDnsServer, AddsThePort) {
  const settings::Endpoint local{settings::Endpoint::Kind::kTcp, "::1", 53};
  EXPECT_EQ(*ParseDnsServer("::1"), local);
  EXPECT_EQ(*ParseDnsServer("[::1]:53"), local);
  EXPECT_EQ(ParseDnsServer("127.0.0.1")->ToString(), "127.0.0.1:53");
  EXPECT_EQ(ParseDnsServer("127.0.0.1:5353")->ToString(), "127.0.0.1:5353");
  for (const char* text :
       {"", "53", ":53", "dns.example:53", "127.0.0.1:0", "unix:/a.b", "[::1]"}) {
    const auto server = ParseDnsServer(text);
    ASSERT_FALSE(server) << text;
    EXPECT_EQ(server.error(),
              "expected an IP address such as 127.0.0.1, 127.0.0.1:53 or [::1]:53, found '" +
                  std::string(text) + '\'');
  }
}

TEST(ParseDnsServer, ALinkLocalAddressHasAZone) {
  EXPECT_EQ(ParseDnsServer("FE80::1%eth0")->ToString(), "[fe80::1%eth0]:53");
  EXPECT_EQ(ParseDnsServer("[fe80::1%2]:5353")->ToString(), "[fe80::1%2]:5353");
  for (const std::string text : {"fe80::1", "[fe80::1]:53"}) {
    EXPECT_EQ(ParseDnsServer(text).error(),
              '\'' + text + "' has a link-local address without a zone; expected an interface " +
                  "after a %, as in [fe80::1%eth0]");
  }
  EXPECT_FALSE(ParseDnsServer("::1%lo"));
  EXPECT_FALSE(ParseDnsServer("127.0.0.1%lo"));
  EXPECT_FALSE(ParseDnsServer("[fe80::1%eth0"));
}

TEST(ParseUser, TakesAUserAndAGroup) {
  EXPECT_EQ(ParseUser("sluice")->name, "sluice");
  EXPECT_EQ(ParseUser("sluice")->group, "");
  EXPECT_EQ(ParseUser("nobody:nogroup")->group, "nogroup");
  for (const char* text : {"", ":", "a:", ":b", "a:b:c", "a b"}) {
    EXPECT_FALSE(ParseUser(text)) << text;
  }
}

TEST(ParseHostPattern, NormalizesNames) {
  EXPECT_EQ(*ParseHostPattern("WWW.Example.com."), "www.example.com");
  EXPECT_EQ(*ParseHostPattern("*.Lab.example.com"), "*.lab.example.com");
  EXPECT_EQ(*ParseHostPattern("10.0.0.5"), "10.0.0.5");
  for (const char* text : {"", "*", "*.", "a.*.b", "a:80", "[::1]", "::1", "*.10.0.0.5", "a/b"}) {
    EXPECT_FALSE(ParseHostPattern(text)) << text;
  }
}

TEST(ParsePathPattern, TellsExactFromPrefix) {
  struct Case {
    const char* text;
    bool is_prefix;
    const char* path;
  };
  for (const auto& [text, is_prefix, path] :
       {Case{"/", false, "/"}, Case{"/vnc", false, "/vnc"}, Case{"/vnc/", false, "/vnc/"},
        Case{"/**", true, ""}, Case{"/vnc/**", true, "/vnc"}, Case{"/100%", false, "/100%"}}) {
    const auto pattern = ParsePathPattern(text);
    ASSERT_TRUE(pattern) << text;
    EXPECT_EQ(pattern->is_prefix, is_prefix) << text;
    EXPECT_EQ(pattern->path, path) << text;
    EXPECT_EQ(pattern->ToString(), text);
  }
}

TEST(ParsePathPattern, ReadsCaptures) {
  const auto pattern = ParsePathPattern("/pg/{server}/x/{rest...}");
  ASSERT_TRUE(pattern);
  EXPECT_EQ(pattern->segments,
            (std::vector<settings::PathSegment>{{false, "pg"}, {true, "server"}, {false, "x"}}));
  EXPECT_EQ(pattern->rest, "rest");
  EXPECT_EQ(pattern->ToString(), "/pg/{server}/x/{rest...}");
  const auto below = ParsePathPattern("/{a}/**");
  ASSERT_TRUE(below);
  EXPECT_TRUE(below->is_prefix);
  EXPECT_EQ(below->segments, (std::vector<settings::PathSegment>{{true, "a"}}));
  EXPECT_EQ(ParsePathPattern("/{all...}")->rest, "all");
  EXPECT_FALSE(ParsePathPattern("/vnc")->has_captures());
  for (const char* text : {"/{}", "/{a b}", "/{a-b}", "/x{a}", "/{a}x", "/{a", "/a}", "/{{a}}",
                           "/{a...}/b", "/{a...}/**", "/{a}{b}", "/{...}", "/{a..}"}) {
    const auto bad = ParsePathPattern(text);
    ASSERT_FALSE(bad) << text;
    EXPECT_TRUE(bad.error().starts_with("expected a '{name}'")) << text;
  }
}

TEST(ParseHostPattern, ReadsACapture) {
  EXPECT_EQ(*ParseHostPattern("{Name}.Example.com"), "{Name}.example.com");
  for (const char* text : {"{name}", "{name}.", "{}.example.com", "a{name}.example.com",
                           "{name}x.example.com", "{a}.{b}.example.com", "example.{name}"}) {
    EXPECT_FALSE(ParseHostPattern(text)) << text;
  }
}

TEST(ParsePathPattern, SaysWhatIsWrong) {
  EXPECT_EQ(ParsePathPattern("vnc").error(), "expected a path that begins with '/', found 'vnc'");
  for (const char* text : {"/**/a", "/a**", "/*", "/a*/**", "/**/**"}) {
    ASSERT_FALSE(ParsePathPattern(text)) << text;
    EXPECT_EQ(ParsePathPattern(text).error(),
              "expected a '*' only in a '/**' at the end (that path and everything below it), "
              "found '" +
                  std::string(text) + '\'');
  }
  EXPECT_EQ(ParsePathPattern("/a?b").error(),
            "expected a path without '?' and '#' (the query has a key of its own), found "
            "'/a?b'");
  EXPECT_EQ(ParsePathPattern("/a%20b").error(),
            "expected a path without percent-escapes (requests are decoded before they are "
            "compared), found '/a%20b'");
  EXPECT_EQ(ParsePathPattern("/a\n").error(),
            "expected a path without control characters, found '/a\\x0a'");
}

TEST(ParseOrigin, NormalizesLikeABrowser) {
  EXPECT_EQ(*ParseOrigin("*"), "*");
  EXPECT_EQ(*ParseOrigin("null"), "null");
  EXPECT_EQ(*ParseOrigin("HTTPS://Lab.Example.com:443"), "https://lab.example.com");
  EXPECT_EQ(*ParseOrigin("http://a:80"), "http://a");
  EXPECT_EQ(*ParseOrigin("http://a:443"), "http://a:443");
  EXPECT_EQ(*ParseOrigin("http://[0::1]:8080"), "http://[::1]:8080");
  EXPECT_EQ(*ParseOrigin("http://[::1]"), "http://[::1]");
  EXPECT_EQ(*ParseOrigin("http://127.0.0.1:8080"), "http://127.0.0.1:8080");
  EXPECT_EQ(*ParseOrigin("https://*.Example.com:443"), "https://*.example.com");
  EXPECT_EQ(*ParseOrigin("chrome-extension://abcdef"), "chrome-extension://abcdef");
  for (const char* text : {"",
                           "a",
                           "example.com",
                           "//a",
                           "://a",
                           "https://",
                           "https://a/",
                           "https://a/b",
                           "https://a:0",
                           "https://a:",
                           "https://a:b",
                           "https://::1",
                           "https://[::1",
                           "https://[]",
                           "https://*",
                           "https://*.",
                           "https://*a",
                           "https://a.*.b",
                           "https://*.1.2.3.4",
                           "https://u@a",
                           "1s://a",
                           "https://a b",
                           "https://bücher.example"}) {
    EXPECT_FALSE(ParseOrigin(text)) << text;
  }
  EXPECT_EQ(ParseOrigin("example.com").error(),
            "expected an origin such as https://www.example.com, https://*.example.com, "
            "http://localhost:* or moz-extension://* (no path, no '/' at the end), '*' or 'null', "
            "found 'example.com'");
}

TEST(ParseOrigin, TakesExtensionsAndAnyPort) {
  EXPECT_EQ(*ParseOrigin("http://localhost:*"), "http://localhost:*");
  EXPECT_EQ(*ParseOrigin("https://*.Example.com:*"), "https://*.example.com:*");
  EXPECT_EQ(*ParseOrigin("http://[0::1]:*"), "http://[::1]:*");
  EXPECT_EQ(*ParseOrigin("moz-extension://*"), "moz-extension://*");
  EXPECT_EQ(*ParseOrigin("vscode-webview://*"), "vscode-webview://*");
  EXPECT_EQ(*ParseOrigin("Chrome-Extension://ABCDEF"), "chrome-extension://abcdef");
  EXPECT_EQ(*ParseOrigin("file://"), "file://");
  EXPECT_EQ(*ParseOrigin("tauri://localhost"), "tauri://localhost");
}

TEST(ParseOrigin, SaysWhyItCannotBeAnOrigin) {
  const struct {
    const char* text;
    const char* error;
  } rows[] = {
      {"https://a/", "an origin has no path: take out the '/' at the end, found 'https://a/'"},
      {"moz-extension://*/",
       "an origin has no path: take out the '/' at the end, found 'moz-extension://*/'"},
      {"https://*",
       "any host of 'https' is any page: expected the hosts, or '*', found 'https://*'"},
      {"http://*:*",
       "any host of 'http' is any page: expected the hosts, or '*', found 'http://*:*'"},
      {"wss://a:1",
       "an origin is that of a page, not of a WebSocket: expected 'https://a:1', found "
       "'wss://a:1'"},
      {"ws://a",
       "an origin is that of a page, not of a WebSocket: expected 'http://a', found 'ws://a'"},
      {"data:text/html,x",
       "a page of 'data:' has no origin of its own: its browser sends 'null', found "
       "'data:text/html,x'"},
      {"about:blank",
       "a page of 'about:' has no origin of its own: its browser sends 'null', found "
       "'about:blank'"},
      {"file:///home", "a page in a file has no host: expected 'file://', found 'file:///home'"},
  };
  for (const auto& row : rows) {
    const auto origin = ParseOrigin(row.text);
    ASSERT_FALSE(origin) << row.text;
    EXPECT_EQ(origin.error(), row.error);
  }
  for (const char* text : {"moz-extension:*", "http://localhost:**", "http://localhost:*0",
                           "localhost:3000", "*://a", "moz-*://a"}) {
    EXPECT_FALSE(ParseOrigin(text)) << text;
  }
}

TEST(ParseHostName, TakesNamesAndAStar) {
  EXPECT_EQ(*ParseHostName("WWW.Example.com."), "www.example.com");
  EXPECT_EQ(*ParseHostName("*.example.com"), "*.example.com");
  EXPECT_EQ(*ParseHostName("sluice"), "sluice");
  EXPECT_EQ(*ParseHostName("*"), "*");
  for (const char* text : {"", "a:80", "{a}.example.com", "a.*", "http://a", "a b"}) {
    ASSERT_FALSE(ParseHostName(text)) << text;
    EXPECT_EQ(ParseHostName(text).error(),
              "expected a host name such as www.example.com or *.example.com, without a port, or "
              "'*' for any name, found '" +
                  std::string(text) + '\'');
  }
}

TEST(ParseBool, TakesTwoWords) {
  EXPECT_TRUE(*ParseBool("true"));
  EXPECT_FALSE(*ParseBool("false"));
  for (const char* text : {"", "yes", "on", "1", "True", "true "}) {
    ASSERT_FALSE(ParseBool(text)) << text;
    EXPECT_EQ(ParseBool(text).error(),
              "expected 'true' or 'false', found '" + std::string(text) + '\'');
  }
}

TEST(Format, IsTheShortestSpelling) {
  EXPECT_EQ(FormatTimeout(0ms), "off");
  EXPECT_EQ(FormatTimeout(90s), "90s");
  EXPECT_EQ(FormatTimeout(120s), "2m");
  EXPECT_EQ(FormatTimeout(1500ms), "1500ms");
  EXPECT_EQ(FormatSize(4096), "4KiB");
  EXPECT_EQ(FormatSize(100), "100");
}

}  // namespace
}  // namespace sluice::config
