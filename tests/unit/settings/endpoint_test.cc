// Addresses from text and back.
#include "sluice/settings/endpoint.h"

#include <gtest/gtest.h>

namespace sluice::settings {
namespace {

using Kind = Endpoint::Kind;

constexpr char kServerForms[] =
    "; expected host:port, [IPv6]:port, unix:/path, srv:_service._tcp.name, builtin:echo, "
    "ws://host/path or "
    "wss://host/path";
constexpr char kListenForms[] =
    "; expected IP:port such as 127.0.0.1:8080 or [::]:8080, a bare port, or unix:/path";

struct GoodCase {
  const char* text;
  Endpoint endpoint;
  const char* spelling;  // as ToString() has it
};

class ParseServerTest : public testing::TestWithParam<GoodCase> {};

TEST_P(ParseServerTest, Reads) {
  const auto server = ParseServer(GetParam().text);
  ASSERT_TRUE(server) << server.error();
  EXPECT_EQ(*server, GetParam().endpoint);
  EXPECT_EQ(server->ToString(), GetParam().spelling);
}

INSTANTIATE_TEST_SUITE_P(
    All, ParseServerTest,
    testing::Values(
        GoodCase{"10.0.0.5:5900", {Kind::kTcp, "10.0.0.5", 5900}, "10.0.0.5:5900"},
        GoodCase{"[::1]:22", {Kind::kTcp, "::1", 22}, "[::1]:22"},
        GoodCase{"[FD00:0::0:1]:1", {Kind::kTcp, "fd00::1", 1}, "[fd00::1]:1"},
        GoodCase{"localhost:65535", {Kind::kTcp, "localhost", 65535}, "localhost:65535"},
        GoodCase{"db_1.my-net.example.:1",
                 {Kind::kTcp, "db_1.my-net.example.", 1},
                 "db_1.my-net.example.:1"},
        GoodCase{"7zip.x1:1", {Kind::kTcp, "7zip.x1", 1}, "7zip.x1:1"},
        GoodCase{"unix:/run/app.sock", {Kind::kUnix, "/run/app.sock", 0}, "unix:/run/app.sock"},
        GoodCase{"srv:_mqtt._tcp.example.com",
                 {Kind::kSrv, "_mqtt._tcp.example.com", 0},
                 "srv:_mqtt._tcp.example.com"},
        GoodCase{"srv:_a._udp.b.", {Kind::kSrv, "_a._udp.b.", 0}, "srv:_a._udp.b."},
        GoodCase{"builtin:echo", {Kind::kBuiltin, "echo", 0}, "builtin:echo"},
        GoodCase{"ws://chat.example.com",
                 {Kind::kWs, "chat.example.com", 80, "/"},
                 "ws://chat.example.com/"},
        GoodCase{"wss://[::1]/a/b", {Kind::kWss, "::1", 443, "/a/b"}, "wss://[::1]/a/b"},
        GoodCase{
            "wss://a:80/?token=secret", {Kind::kWss, "a", 80, "/?token=secret"}, "wss://a:80/"},
        GoodCase{"ws://a:8080?x=/", {Kind::kWs, "a", 8080, "/?x=/"}, "ws://a:8080/"}));

struct BadCase {
  std::string text;
  const char* fault;
};

class ParseServerErrorTest : public testing::TestWithParam<BadCase> {};

TEST_P(ParseServerErrorTest, SaysWhatWasExpected) {
  const auto server = ParseServer(GetParam().text);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error(), '\'' + GetParam().text + "' " + GetParam().fault + kServerForms);
}

INSTANTIATE_TEST_SUITE_P(
    All, ParseServerErrorTest,
    testing::Values(
        BadCase{"", "has no port"}, BadCase{"localhost", "has no port"},
        BadCase{"10.0.0.5", "has no port"}, BadCase{"[::1]", "has no port"},
        BadCase{"::1", "is an IPv6 address without brackets and a port"},
        BadCase{"fd00::5:22", "is an IPv6 address without brackets and a port"},
        BadCase{"a:b:1", "has more than one ':', which only an IPv6 address in brackets may"},
        BadCase{"[::1", "lacks the closing ']'"}, BadCase{"[::1]22", "has no ':' after the ']'"},
        BadCase{"[10.0.0.5]:22", "has no valid IPv6 address in its brackets"},
        BadCase{"[fe80::1%eth0]:22", "has no valid IPv6 address in its brackets"},
        BadCase{":22", "has no host"}, BadCase{"a:0", "has a port that is not 1 to 65535"},
        BadCase{"a:65536", "has a port that is not 1 to 65535"},
        BadCase{"a:", "has a port that is not 1 to 65535"},
        BadCase{"a:+1", "has a port that is not 1 to 65535"},
        BadCase{"a..b:1", "has a host name with nothing before a dot"},
        BadCase{"10.0.0.256:1", "has a host that is no valid IPv4 address"},
        BadCase{"a b:1",
                "has a host name with other characters than letters, digits, '-', '_' and '.'"},
        BadCase{"http://a:1", "is a URL"}, BadCase{"a:1/path", "is no address"},
        BadCase{"unix:run/app.sock", "has no absolute path"},
        BadCase{"unix:", "has no absolute path"}, BadCase{"srv:", "has no host"},
        BadCase{"srv:example.com", "does not begin with '_service._proto.'"},
        BadCase{"srv:_mqtt._tcp", "does not begin with '_service._proto.'"},
        BadCase{"srv:_mqtt.example.com", "does not begin with '_service._proto.'"},
        BadCase{"srv:_._tcp.example.com", "does not begin with '_service._proto.'"},
        BadCase{"srv:_mqtt._tcp.example.com:1883",
                "has a port, which is for the SRV records to say"},
        BadCase{"srv:_mqtt._tcp.a..b", "has a host name with nothing before a dot"},
        BadCase{"builtin:ecoh", "is no built-in service"}));

TEST(ParseServer, SuggestsAHostForAPort) {
  EXPECT_EQ(ParseServer("5900").error(), "'5900' is only a port; did you mean localhost:5900?");
  for (const std::string text : {"0", "65536"}) {
    EXPECT_EQ(ParseServer(text).error(), '\'' + text + "' has no port" + kServerForms);
  }
}

TEST(ParseConfiguredServer, ALinkLocalAddressHasAZone) {
  for (const auto& [text, endpoint, spelling] : {
           GoodCase{"[fe80::1%eth0]:22", {Kind::kTcp, "fe80::1%eth0", 22}, "[fe80::1%eth0]:22"},
           GoodCase{
               "[FE80:0::1%Eth0.1]:1", {Kind::kTcp, "fe80::1%Eth0.1", 1}, "[fe80::1%Eth0.1]:1"},
           GoodCase{"[febf::1%3]:1", {Kind::kTcp, "febf::1%3", 1}, "[febf::1%3]:1"},
           GoodCase{"[fe80::1%a-b_c@d,e12345]:1",
                    {Kind::kTcp, "fe80::1%a-b_c@d,e12345", 1},
                    "[fe80::1%a-b_c@d,e12345]:1"},
           GoodCase{"ws://[fe80::1%eth0]/a?b",
                    {Kind::kWs, "fe80::1%eth0", 80, "/a?b"},
                    "ws://[fe80::1%eth0]/a"},
           GoodCase{"wss://[fe80::1%254]:8443",
                    {Kind::kWss, "fe80::1%254", 8443, "/"},
                    "wss://[fe80::1%254]:8443/"},
       }) {
    SCOPED_TRACE(text);
    const auto server = ParseConfiguredServer(text);
    ASSERT_TRUE(server) << server.error();
    EXPECT_EQ(*server, endpoint);
    EXPECT_EQ(server->ToString(), spelling);
    EXPECT_FALSE(ParseServer(text)) << "a client must not choose an interface";
  }
  for (const char* text :
       {"[::1]:22", "[fec0::1]:22", "10.0.0.5:1", "db:1", "unix:/a%b", "ws://a/%"}) {
    ASSERT_TRUE(ParseConfiguredServer(text)) << text;
    EXPECT_EQ(*ParseConfiguredServer(text), *ParseServer(text));
  }
}

TEST(ParseConfiguredServer, SaysWhatIsWrongWithAZone) {
  constexpr char kNoZone[] =
      "has a link-local address without a zone; expected an interface after a %, as in "
      "[fe80::1%eth0]";
  constexpr char kNoInterface[] =
      "has a zone that is no interface; expected its name (at most 15 characters) or its number, "
      "as in [fe80::1%eth0]";
  for (const auto& [text, fault] : {
           BadCase{"[fe80::1]:5900", kNoZone},
           BadCase{"[FE80:0::1]:5900", kNoZone},
           BadCase{"ws://[fe80::1]/", kNoZone},
           BadCase{"[::1%lo]:22",
                   "has a zone, which only a link-local address (fe80::/10) has; expected [::1]"},
           BadCase{"[fe80::1%]:22", kNoInterface},
           BadCase{"[fe80::1%0]:22", kNoInterface},
           BadCase{"[fe80::1%..]:22", kNoInterface},
           BadCase{"[fe80::1%eth 0]:22", kNoInterface},
           BadCase{"[fe80::1%eth0%eth1]:22", kNoInterface},
           BadCase{"[fe80::1%sixteen-letters.]:22", kNoInterface},
           BadCase{"ws://[fe80::1%25eth0]/",
                   "has '%25' before its zone; expected '%', as in [fe80::1%eth0]"},
       }) {
    SCOPED_TRACE(text);
    const auto server = ParseConfiguredServer(text);
    ASSERT_FALSE(server);
    EXPECT_EQ(server.error(), '\'' + text + "' " + fault);
  }
  EXPECT_EQ(
      ParseConfiguredServer("fe80::1%eth0").error(),
      std::string("'fe80::1%eth0' is an IPv6 address without brackets and a port") + kServerForms);
  EXPECT_FALSE(ParseConfiguredServer("10.0.0.5%eth0:22"));
  EXPECT_FALSE(ParseConfiguredServer("db%eth0:22"));
  EXPECT_FALSE(ParseConfiguredServer("[10.0.0.5%eth0]:22"));
}

// RFC 4007 section 6: a zone means something on this machine only.
TEST(Endpoint, NothingThatIsSentHasAZone) {
  EXPECT_EQ(ParseConfiguredServer("[fe80::1%eth0]:1")->CertificateName(), "fe80::1");
  EXPECT_EQ(ParseConfiguredServer("wss://[fe80::1%eth0]/")->CertificateName(), "fe80::1");
  EXPECT_EQ(ParseConfiguredServer("wss://[fe80::1%eth0]/")->Authority(), "[fe80::1]");
  EXPECT_EQ(ParseConfiguredServer("ws://[fe80::1%eth0]:8080/")->Authority(), "[fe80::1]:8080");
  EXPECT_EQ(ParseConfiguredServer("[fe80::1%eth0]:1")->HostWithoutZone(), "fe80::1");
  EXPECT_EQ(ParseConfiguredServer("db:1")->HostWithoutZone(), "db");
  EXPECT_EQ(ParseConfiguredServer("unix:/a%b")->HostWithoutZone(), "/a%b");
}

TEST(Endpoint, ACertificateIsForTheNameThatSrvRecordsAreOf) {
  EXPECT_EQ(ParseServer("srv:_mqtt._tcp.example.com")->CertificateName(), "example.com");
  EXPECT_EQ(ParseServer("db.example.com:1")->CertificateName(), "db.example.com");
  EXPECT_EQ(ParseServer("[::1]:1")->CertificateName(), "::1");
}

TEST(ParseServer, TellsWhatIsWrongWithAUrlAndNoSecret) {
  const auto fault = [](std::string_view text) {
    const auto server = ParseServer(text);
    return server ? std::string("(none)") : server.error();
  };
  EXPECT_EQ(fault("ws:///x?secret"), "'ws:///x' has no host" + std::string(kServerForms));
  EXPECT_EQ(fault("wss://a/x#y"), "'wss://a/x' has a fragment" + std::string(kServerForms));
  EXPECT_EQ(fault("wss://u:secret@a/"),
            "the URL has a user in it; expected 'headers' of 'websocket' with an Authorization");
  EXPECT_EQ(fault("ws://a:0/?secret"),
            "'ws://a:0/' has a port that is not 1 to 65535" + std::string(kServerForms));
  EXPECT_EQ(fault("ws://a/b c?secret"),
            "'ws://a/b c' has a path or query with other characters than visible ASCII; expected "
            "them percent-encoded");
  EXPECT_NE(fault("http://a/"), "(none)");
}

TEST(Endpoint, TheAuthorityOfAWebSocketIsItsHostHeader) {
  EXPECT_EQ(ParseServer("ws://a:80/")->Authority(), "a");
  EXPECT_EQ(ParseServer("wss://a:80/")->Authority(), "a:80");
  EXPECT_EQ(ParseServer("wss://[::1]:443/")->Authority(), "[::1]");
}

TEST(ParseServer, BoundsTheLengthOfAName) {
  const std::string label(49, 'a');
  const auto name = label + '.' + label + '.' + label + '.' + label + '.' + label;  // 249
  EXPECT_TRUE(ParseServer(name + ".bcd:1"));
  const auto server = ParseServer(name + ".bcde:1");
  ASSERT_FALSE(server);
  EXPECT_NE(server.error().find("has a host name of more than 253 characters"), std::string::npos);
}

TEST(ParseServer, BoundsTheLengthOfALabel) {
  EXPECT_TRUE(ParseServer(std::string(63, 'a') + ":1"));
  EXPECT_FALSE(ParseServer(std::string(64, 'a') + ":1"));
}

TEST(ParseServer, BoundsTheLengthOfASocketPath) {
  EXPECT_TRUE(ParseServer("unix:/" + std::string(106, 'a')));
  EXPECT_FALSE(ParseServer("unix:/" + std::string(107, 'a')));
}

TEST(ParseServer, RefusesANul) {
  EXPECT_FALSE(ParseServer(std::string("unix:/a\0b", 9)));
  EXPECT_FALSE(ParseServer(std::string("10.0.0.1\0:80", 12)));
  EXPECT_FALSE(ParseListenAddress(std::string("127.0.0.1\0:80", 13)));
}

TEST(ParseServer, ShowsControlCharactersAndCutsLongText) {
  EXPECT_EQ(ParseServer("a\x1b\n").error(),
            std::string("'a\\x1b\\x0a' has no port") + kServerForms);
  EXPECT_EQ(ParseServer(std::string(90, 'a')).error(),
            '\'' + std::string(80, 'a') + "...' has no port" + kServerForms);
}

class ParseListenAddressTest : public testing::TestWithParam<GoodCase> {};

TEST_P(ParseListenAddressTest, Reads) {
  const auto address = ParseListenAddress(GetParam().text);
  ASSERT_TRUE(address) << address.error();
  EXPECT_EQ(*address, GetParam().endpoint);
  EXPECT_EQ(address->ToString(), GetParam().spelling);
}

INSTANTIATE_TEST_SUITE_P(
    All, ParseListenAddressTest,
    testing::Values(GoodCase{"8080", {Kind::kTcp, "::", 8080}, "[::]:8080"},
                    GoodCase{":8080", {Kind::kTcp, "::", 8080}, "[::]:8080"},
                    GoodCase{"0", {Kind::kTcp, "::", 0}, "[::]:0"},
                    GoodCase{"127.0.0.1:0", {Kind::kTcp, "127.0.0.1", 0}, "127.0.0.1:0"},
                    GoodCase{"0.0.0.0:80", {Kind::kTcp, "0.0.0.0", 80}, "0.0.0.0:80"},
                    GoodCase{"[0::0]:80", {Kind::kTcp, "::", 80}, "[::]:80"},
                    GoodCase{
                        "[FE80::1%eth0]:0", {Kind::kTcp, "fe80::1%eth0", 0}, "[fe80::1%eth0]:0"},
                    GoodCase{"unix:/run/a", {Kind::kUnix, "/run/a", 0}, "unix:/run/a"}));

class ParseListenAddressErrorTest : public testing::TestWithParam<BadCase> {};

TEST_P(ParseListenAddressErrorTest, SaysWhatWasExpected) {
  const auto address = ParseListenAddress(GetParam().text);
  ASSERT_FALSE(address);
  EXPECT_EQ(address.error(), '\'' + GetParam().text + "' " + GetParam().fault + kListenForms);
}

INSTANTIATE_TEST_SUITE_P(
    All, ParseListenAddressErrorTest,
    testing::Values(BadCase{"", "has no port"}, BadCase{":", "does not begin with an IP address"},
                    BadCase{"65536", "has a port that is not 0 to 65535"},
                    BadCase{"127.0.0.1:x", "has a port that is not 0 to 65535"},
                    BadCase{"127.0.0.1", "has no port"},
                    BadCase{"::1", "is an IPv6 address without brackets and a port"},
                    BadCase{"localhost:80", "does not begin with an IP address"},
                    BadCase{"*:80", "does not begin with an IP address"},
                    BadCase{"builtin:echo", "does not begin with an IP address"},
                    BadCase{"[::g]:80", "has no valid IPv6 address in its brackets"},
                    BadCase{"unix:a", "has no absolute path"}));

TEST(ParseListenAddress, SaysWhatIsWrongWithAZone) {
  EXPECT_EQ(ParseListenAddress("[fe80::1]:80").error(),
            "'[fe80::1]:80' has a link-local address without a zone; expected an interface "
            "after a %, as in [fe80::1%eth0]");
  EXPECT_EQ(ParseListenAddress("[::%eth0]:80").error(),
            "'[::%eth0]:80' has a zone, which only a link-local address (fe80::/10) has; expected "
            "[::]");
}

}  // namespace
}  // namespace sluice::settings
