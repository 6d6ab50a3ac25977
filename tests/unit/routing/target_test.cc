#include "sluice/routing/target.h"

#include <initializer_list>
#include <map>

#include <gtest/gtest.h>

namespace sluice::routing {
namespace {

using settings::AllowRule;
using settings::DynamicTarget;
using settings::Endpoint;
using Source = settings::Template::Source;

AllowRule Range(std::string_view range, uint16_t first = 1, uint16_t last = 65535) {
  return {
      .range = *base::IpRange::Parse(range), .host = {}, .first_port = first, .last_port = last};
}

AllowRule Name(std::string host, uint16_t first = 1, uint16_t last = 65535) {
  return {.range = std::nullopt, .host = std::move(host), .first_port = first, .last_port = last};
}

/// `{server}`, which is host and port.
DynamicTarget Target(std::vector<AllowRule> allow) {
  return {{"{server}", {{Source::kCapture, "server"}}}, std::move(allow)};
}

base::Result<Endpoint, std::string> Resolve(const DynamicTarget& target,
                                            const std::string& server) {
  return ResolveTarget(target, {{{"server", server}}, ""});
}

/// Where every name may be resolved.
bool Reaches(DynamicTarget target, const std::string& server, std::string_view address) {
  target.resolves_any = true;
  const auto endpoint = Resolve(target, server);
  return endpoint && MayConnect(target, *endpoint, *base::IpAddress::Parse(address));
}

TEST(ResolveTarget, PutsTheValuesIntoTheirPlaces) {
  const DynamicTarget target{{"",
                              {{Source::kLiteral, "db-"},
                               {Source::kCapture, "name"},
                               {Source::kLiteral, "."},
                               {Source::kClaim, "tenant"},
                               {Source::kLiteral, ".example.com:"},
                               {Source::kQuery, "port"}}},
                             {Name("*.example.com")}};
  const Captures captures = {{"name", "a"}};
  const std::map<std::string, std::string, std::less<>> claims = {{"tenant", "t"}};
  const auto claim = [&](std::string_view name) -> std::optional<std::string> {
    const auto found = claims.find(name);
    return found == claims.end() ? std::nullopt : std::optional(found->second);
  };
  const auto server = ResolveTarget(target, {captures, "x=1&port=5432", claim});
  ASSERT_TRUE(server) << server.error();
  EXPECT_EQ(server->ToString(), "db-a.t.example.com:5432");

  EXPECT_EQ(ResolveTarget(target, {captures, "", claim}).error(), "the query has no 'port'");
  EXPECT_EQ(ResolveTarget(target, {captures, "port=1&port=2", claim}).error(),
            "the query has more than one 'port'");
  EXPECT_EQ(ResolveTarget(target, {captures, "port=1"}).error(), "the token has no claim 'tenant'");
}

TEST(ResolveTarget, TakesNothingButAHostAndAPort) {
  const DynamicTarget all = Target({Name("*"), Range("0.0.0.0/0"), Range("::/0")});
  for (const char* bad :
       {"", "host", "host:0", "host:99999", "host:1:2", ":80", "unix:/run/x.sock", "builtin:echo",
        "a b:80", "a/b:80", "http://a:80", "a@b:80", "[::1", "::1:80", "a%00:80", "1.2.3:80",
        "0x7f.1:80", "2130706433:80", "[fe80::1%eth0]:80"}) {
    EXPECT_FALSE(Resolve(all, bad)) << bad;
  }
  EXPECT_FALSE(Resolve(all, std::string("a\0b:80", 6)));
  // A template that only lacks the host cannot be made to name another port, or another host.
  const DynamicTarget host{{"", {{Source::kCapture, "server"}, {Source::kLiteral, ":5432"}}},
                           {Name("*")}};
  for (const char* bad : {"", "a:22", "a:22#", "[::1]:22", "a/", "a?", "::1"}) {
    EXPECT_FALSE(Resolve(host, bad)) << bad;
  }
}

TEST(MayConnect, DefaultsToNothing) {
  EXPECT_FALSE(Resolve(Target({}), "example.com:80"));
  EXPECT_FALSE(Resolve(Target({}), "93.184.216.34:80"));
}

TEST(MayConnect, ARangeIsOfWhatANameResolvesTo) {
  DynamicTarget target = Target({Range("10.1.0.0/16", 5432, 5432)});
  target.resolves_any = true;
  EXPECT_TRUE(Reaches(target, "db:5432", "10.1.2.3"));
  EXPECT_TRUE(Reaches(target, "db:5432", "::ffff:10.1.2.3"));
  EXPECT_TRUE(Reaches(target, "10.1.2.3:5432", "10.1.2.3"));
  EXPECT_FALSE(Reaches(target, "db:5432", "10.2.2.3"));
  EXPECT_FALSE(Reaches(target, "db:5433", "10.1.2.3"));
  EXPECT_FALSE(Resolve(target, "10.2.2.3:5432"));
  EXPECT_FALSE(Resolve(target, "db:22")) << "no rule has that port, so no name is looked up";
}

// Else a client could learn which names there are, and send data by DNS queries.
TEST(ResolveTarget, ARangeAloneAllowsNoName) {
  DynamicTarget target = Target({Range("10.1.0.0/16"), Range("fd00::/8")});
  EXPECT_FALSE(Resolve(target, "db.internal:5432"));
  EXPECT_FALSE(Resolve(target, "localhost:5432"));
  EXPECT_TRUE(Resolve(target, "10.1.2.3:5432"));
  target.resolves_any = true;
  EXPECT_TRUE(Resolve(target, "db.internal:5432"));
  target = Target({Range("10.1.0.0/16"), Name("*.internal", 5432, 5432)});
  EXPECT_TRUE(Reaches(target, "db.internal:5432", "10.1.2.3"));
  EXPECT_FALSE(Reaches(target, "db.internal:5432", "10.2.2.3"));
  EXPECT_FALSE(Resolve(target, "db.internal:22"));
  EXPECT_FALSE(Resolve(target, "db.other:5432"));
}

TEST(MayConnect, ANameIsWhole) {
  const DynamicTarget one = Target({Name("db.example.com")});
  EXPECT_TRUE(Reaches(one, "db.example.com:1", "93.184.216.34"));
  EXPECT_TRUE(Reaches(one, "DB.Example.com.:1", "93.184.216.34"));
  for (const char* other : {"xdb.example.com:1", "db.example.com.evil.org:1", "example.com:1"}) {
    EXPECT_FALSE(Resolve(one, other)) << other;
  }
  const DynamicTarget below = Target({Name("*.example.com", 5900, 5999)});
  EXPECT_TRUE(Reaches(below, "a.b.example.com:5950", "93.184.216.34"));
  for (const char* other : {"example.com:5900", "notexample.com:5900", "a.example.com:6000",
                            "a.example.com.evil.org:5900"}) {
    EXPECT_FALSE(Resolve(below, other)) << other;
  }
}

// Whoever owns a name may point it anywhere.
TEST(MayConnect, ANameOpensNoAddressThatIsNotPublic) {
  const DynamicTarget target =
      Target({Name("*"), Name("rebind.example.com"), Range("0.0.0.0/0"), Range("::/0")});
  EXPECT_TRUE(Reaches(target, "rebind.example.com:80", "93.184.216.34"));
  EXPECT_TRUE(Reaches(target, "rebind.example.com:80", "2606:2800:220:1::1"));
  for (const char* address : {"127.0.0.1",
                              "127.255.255.254",
                              "10.0.0.1",
                              "172.16.0.1",
                              "172.31.255.255",
                              "192.168.0.1",
                              "169.254.1.1",
                              "169.254.169.254",
                              "100.64.0.1",
                              "100.100.100.200",
                              "0.0.0.0",
                              "0.1.2.3",
                              "224.0.0.1",
                              "255.255.255.255",
                              "192.0.2.1",
                              "198.18.0.1",
                              "::",
                              "::1",
                              "::127.0.0.1",
                              "::ffff:127.0.0.1",
                              "::ffff:169.254.169.254",
                              "fe80::1",
                              "fec0::1",
                              "169.254.170.2",
                              "168.63.129.16",
                              "::ffff:0:7f00:1",
                              "fc00::1",
                              "fd00:ec2::254",
                              "ff02::1",
                              "64:ff9b::7f00:1",
                              "64:ff9b:1::1",
                              "2002:7f00:1::",
                              "2001:0:7f00::1",
                              "2001:db8::1"}) {
    EXPECT_FALSE(Reaches(target, "rebind.example.com:80", address)) << address;
    EXPECT_FALSE(Reaches(target, "[" + std::string(address) + "]:80", address)) << address;
  }
}

TEST(MayConnect, WhatIsNotPublicIsOpenedByARangeAmongItsLike) {
  EXPECT_TRUE(Reaches(Target({Range("127.0.0.1")}), "a:80", "127.0.0.1"));
  EXPECT_TRUE(Reaches(Target({Range("10.0.0.0/8")}), "a:80", "10.9.9.9"));
  EXPECT_TRUE(Reaches(Target({Range("fd00::/8")}), "a:80", "fd12::1"));
  EXPECT_TRUE(Reaches(Target({Range("::1")}), "[::1]:80", "::1"));
  // Wider than what it would open, so it was not meant for that.
  EXPECT_FALSE(Reaches(Target({Range("10.0.0.0/7")}), "a:80", "10.9.9.9"));
  EXPECT_FALSE(Reaches(Target({Range("fc00::/6")}), "a:80", "fd12::1"));
  // The address at which clouds tell secrets is opened by nothing but itself.
  EXPECT_FALSE(Reaches(Target({Range("169.254.0.0/16")}), "a:80", "169.254.169.254"));
  EXPECT_TRUE(Reaches(Target({Range("169.254.0.0/16")}), "a:80", "169.254.1.1"));
  EXPECT_TRUE(Reaches(Target({Range("169.254.169.254")}), "a:80", "169.254.169.254"));
  EXPECT_FALSE(Reaches(Target({Range("fd00::/8")}), "a:80", "fd00:ec2::254"));
}

TEST(MayConnect, TheAddressesOfMetadataAreOpenedExactlyAlone) {
  for (const auto& [address, range] : std::initializer_list<std::pair<const char*, const char*>>{
           {"169.254.169.254", "169.254.0.0/16"},
           {"169.254.170.2", "169.254.170.0/24"},
           {"100.100.100.200", "100.64.0.0/10"},
           {"fd00:ec2::254", "fd00::/8"},
           {"fd20:ce::254", "fd20:ce::/64"},
           {"fd00:42::42", "fd00::/8"},
           {"169.254.42.42", "169.254.0.0/16"},
           {"169.254.0.23", "169.254.0.0/24"},
           {"192.0.0.192", "192.0.0.0/24"},
           {"fd00:c1::a9fe:a9fe", "fc00::/7"},
           {"fe80::a9fe:a9fe", "fe80::/10"}}) {
    EXPECT_FALSE(Reaches(Target({Range(range)}), "a:80", address)) << address;
    EXPECT_TRUE(Reaches(Target({Range(address)}), "a:80", address)) << address;
  }
}

}  // namespace
}  // namespace sluice::routing
