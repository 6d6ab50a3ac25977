// What credentials are checked against: passwords, tokens, tickets, and the count of failures.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/auth/passwords.h"
#include "sluice/auth/throttle.h"
#include "sluice/auth/tickets.h"
#include "sluice/auth/tokens.h"

namespace sluice::auth {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Of `U*U`, from the test vectors of crypt_blowfish.
constexpr char kBcrypt[] = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

base::IpAddress Ip(const char* text) {
  return *base::IpAddress::Parse(text);
}

// `line: message` of each fault, or `message` where there is no line.
std::vector<std::string> Texts(const std::vector<settings::FileFault>& faults) {
  std::vector<std::string> texts;
  for (const auto& fault : faults) texts.push_back(fault.ToString());
  return texts;
}

TEST(Passwords, Users) {
  const auto users =
      ParseUsers(std::string("# people\n\nanna:") + kBcrypt + "\r\nbert:" + kBcrypt + ":1:2\n");
  ASSERT_TRUE(users);
  EXPECT_EQ(users->size(), 2U);
  EXPECT_EQ(users->at("bert"), kBcrypt);
  EXPECT_TRUE(ParseUsers("")) << "nobody is a user";
  for (const char* const weak :
       {"secret", "", "$apr1$x$y", "{SHA}x", "$1$ab$cd", "xxNa8DLwx", "$2a$"}) {
    EXPECT_FALSE(ParseUsers(std::string("a:") + weak)) << weak;
  }
}

TEST(Passwords, AFileMayBeginWithAByteOrderMark) {
  const auto users = ParseUsers(std::string("\xEF\xBB\xBF") + "anna:" + kBcrypt + "\n");
  ASSERT_TRUE(users);
  EXPECT_TRUE(users->contains("anna"));
}

TEST(Passwords, EveryFaultOfAFileIsReported) {
  const std::string anna = std::string("anna:") + kBcrypt + "\n";
  EXPECT_THAT(
      Texts(ParseUsers(anna + "x\n# y\nbert:secret\n" + anna + "carl:{SHA}abc\n").error()),
      ElementsAre("line 2: expected 'user:hash'",
                  "line 4: the password is not hashed; expected a hash of bcrypt, yescrypt, "
                  "SHA-512 or SHA-256 crypt, as `htpasswd -B` writes it",
                  "line 5: the user has a line already",
                  "line 6: the hash is of another kind, or is not complete; expected a hash of "
                  "bcrypt, yescrypt, SHA-512 or SHA-256 crypt, as `htpasswd -B` writes it"));
  std::string many;
  for (int i = 0; i < 100; ++i) many += "x\n";
  EXPECT_EQ(ParseUsers(many).error().size(), settings::kMostFileFaults);
}

TEST(Passwords, AreChecked) {
  EXPECT_TRUE(IsPassword(kBcrypt, "U*U"));
  EXPECT_FALSE(IsPassword(kBcrypt, "U*"));
  EXPECT_FALSE(IsPassword(kBcrypt, ""));
  EXPECT_FALSE(IsPassword("*0", "U*U"));
  EXPECT_FALSE(IsPassword("", ""));
}

TEST(Tokens, Lines) {
  TokenTable table;
  ASSERT_THAT(
      table.AddFile("\xEF\xBB\xBF# x\na: h:1\r\n\n  b:c \t:\t10.0.0.1:2  \nd: unix:/s\n", ""),
      IsEmpty());
  EXPECT_EQ(table.size(), 3U);
  EXPECT_EQ(table.Find(DigestOf("a"))->ToString(), "h:1");
  EXPECT_EQ(table.Find(DigestOf("b:c"))->ToString(), "10.0.0.1:2");
  EXPECT_EQ(table.Find(DigestOf("b")), nullptr);
  ASSERT_THAT(table.AddFile("h:2\n", "name"), IsEmpty());
  EXPECT_EQ(table.Find(DigestOf("name"))->ToString(), "h:2");
  for (const char* const bad : {"x: h", "x: ", ": h:1", "x: h:0", "x: builtin:echo"}) {
    EXPECT_FALSE(table.AddFile(bad, "").empty()) << bad;
  }
}

TEST(Tokens, AFaultyFileAddsNoTokenAndEveryFaultIsReported) {
  TokenTable table;
  ASSERT_THAT(table.AddFile("a: h:1\n", "one"), IsEmpty());
  EXPECT_THAT(Texts(table.AddFile("b: h:2\na: h:3\nc: nowhere\n: h:1\nwords\n", "two")),
              ElementsAre("line 2: the token is in another line or file already",
                          "line 3: the token has no server; expected 'token: host:port'",
                          "line 4: expected 'token: host:port'",
                          "line 5: expected 'token: host:port', or 'host:port' alone in a file "
                          "that is named like the token"));
  EXPECT_EQ(table.size(), 1U);
  EXPECT_EQ(table.Find(DigestOf("a"))->ToString(), "h:1");
  EXPECT_THAT(Texts(table.AddFile("h:2\n", "")),
              ElementsAre("line 1: expected 'token: host:port'"));
}

TEST(Tokens, TheTokensOfOneFileAreCopied) {
  TokenTable before;
  ASSERT_THAT(before.AddFile("a: h:1\nb: h:2\n", "one"), IsEmpty());
  ASSERT_THAT(before.AddFile("c: h:3\n", "two"), IsEmpty());
  TokenTable table;
  ASSERT_THAT(table.AddFile("b: h:4\n", "three"), IsEmpty());
  table.CopyFile(before, "one");
  EXPECT_EQ(table.size(), 2U);
  EXPECT_EQ(table.Find(DigestOf("a"))->ToString(), "h:1");
  EXPECT_EQ(table.Find(DigestOf("b"))->ToString(), "h:4");
}

TEST(Tokens, Values) {
  EXPECT_EQ(ParseTokenValue("h:1\n")->ToString(), "h:1");
  EXPECT_EQ(ParseTokenValue(R"({"host": "h:1"})")->ToString(), "h:1");
  for (const char* const bad : {"", "h", "unix:/x", "builtin:echo", "{", R"({"host": 1})", "{}"}) {
    EXPECT_FALSE(ParseTokenValue(bad)) << bad;
  }
}

TEST(Tickets, AreGoodOnce) {
  Tickets tickets;
  const base::TimePoint now{1h};
  const auto ticket = tickets.Issue({"vnc", "anna"}, now);
  ASSERT_TRUE(ticket);
  EXPECT_NE(tickets.Issue({"vnc"}, now), ticket);
  const auto terms = tickets.Redeem(*ticket, "vnc", Ip("::1"), "https://a", now + 14'999ms);
  ASSERT_TRUE(terms);
  EXPECT_EQ(terms->user, "anna");
  EXPECT_FALSE(tickets.Redeem(*ticket, "vnc", Ip("::1"), "https://a", now));
}

TEST(Tickets, AreUsedUpInTheWrongPlace) {
  Tickets tickets;
  const base::TimePoint now{1h};
  const auto redeem = [&](const TicketTerms& terms, const char* route, const char* address,
                          std::optional<std::string_view> origin, base::Duration later) {
    const auto ticket = tickets.Issue(terms, now);
    const auto redeemed = tickets.Redeem(*ticket, route, Ip(address), origin, now + later);
    EXPECT_EQ(tickets.size(), 0U);
    return redeemed.has_value();
  };
  const TicketTerms bound{"vnc", "", Ip("10.0.0.1"), "https://a"};
  EXPECT_TRUE(redeem(bound, "vnc", "::ffff:10.0.0.1", "https://a", 0s));
  EXPECT_FALSE(redeem(bound, "ssh", "10.0.0.1", "https://a", 0s));
  EXPECT_FALSE(redeem(bound, "vnc", "10.0.0.2", "https://a", 0s));
  EXPECT_FALSE(redeem(bound, "vnc", "10.0.0.1", "https://b", 0s));
  EXPECT_FALSE(redeem(bound, "vnc", "10.0.0.1", std::nullopt, 0s));
  EXPECT_FALSE(redeem(bound, "vnc", "10.0.0.1", "https://a", 15s));
}

TEST(Throttle, WindowsBeginWithTheFirstFailure) {
  Throttle throttle({.limit = 2, .window = 10s});
  const base::TimePoint now{1h};
  throttle.Count(Ip("10.0.0.1"), now);
  EXPECT_FALSE(throttle.Wait(Ip("10.0.0.1"), now));
  throttle.Count(Ip("10.0.0.1"), now + 4s);
  EXPECT_EQ(throttle.Wait(Ip("10.0.0.1"), now + 4s), 6s);
  EXPECT_FALSE(throttle.Wait(Ip("10.0.0.2"), now + 4s));
  EXPECT_FALSE(throttle.Wait(Ip("10.0.0.1"), now + 10s));
  EXPECT_EQ(throttle.size(), 0U);
}

TEST(Throttle, WhatIsTakenBackDoesNotCount) {
  Throttle throttle({.limit = 1, .window = 10s});
  const base::TimePoint now{1h};
  throttle.Count(Ip("10.0.0.1"), now);
  EXPECT_TRUE(throttle.Wait(Ip("10.0.0.1"), now));
  throttle.TakeBack(Ip("10.0.0.1"));
  EXPECT_FALSE(throttle.Wait(Ip("10.0.0.1"), now));
  EXPECT_EQ(throttle.size(), 0U);
  throttle.TakeBack(Ip("10.0.0.1"));  // Forgotten meanwhile.
}

TEST(Throttle, Ipv6ByNetwork) {
  Throttle throttle({.limit = 1, .window = 10s});
  const base::TimePoint now{1h};
  throttle.Count(Ip("2001:db8:0:1::1"), now);
  EXPECT_TRUE(throttle.Wait(Ip("2001:db8:0:1:ffff::2"), now));
  EXPECT_FALSE(throttle.Wait(Ip("2001:db8:0:2::1"), now));
  throttle.Count(Ip("::ffff:10.0.0.1"), now);
  EXPECT_TRUE(throttle.Wait(Ip("10.0.0.1"), now));
  EXPECT_FALSE(throttle.Wait(Ip("10.0.0.2"), now));
}

TEST(Throttle, OfTooManyAddressesTheOldestIsForgotten) {
  Throttle throttle({.limit = 1, .window = 10s});
  const base::TimePoint now{1h};
  const auto numbered = [](uint32_t i) {
    const uint8_t bytes[] = {10, static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8),
                             static_cast<uint8_t>(i)};
    return base::IpAddress::FromBytes(bytes);
  };
  for (uint32_t i = 0; i < 65'536; ++i) throttle.Count(numbered(i), now);
  ASSERT_EQ(throttle.size(), 65'536U);
  throttle.Count(Ip("192.0.2.1"), now + 1s);
  EXPECT_FALSE(throttle.Wait(numbered(0), now + 1s)) << "the oldest is forgotten";
  EXPECT_TRUE(throttle.Wait(numbered(1), now + 1s)) << "and no other one";
  EXPECT_TRUE(throttle.Wait(numbered(65'535), now + 1s));
  EXPECT_TRUE(throttle.Wait(Ip("192.0.2.1"), now + 1s));
  // A new window makes an address a young one.
  throttle.Count(numbered(1), now + 10s);
  throttle.Count(Ip("192.0.2.2"), now + 10s);
  EXPECT_TRUE(throttle.Wait(numbered(1), now + 10s));
}

TEST(Throttle, ItsMemoryIsBounded) {
  Throttle throttle({.limit = 1, .window = 10s});
  const base::TimePoint now{1h};
  for (uint32_t i = 0; i < 70'000; ++i) {
    const uint8_t bytes[] = {10, static_cast<uint8_t>(i >> 16), static_cast<uint8_t>(i >> 8),
                             static_cast<uint8_t>(i)};
    throttle.Count(base::IpAddress::FromBytes(bytes), now);
  }
  EXPECT_LE(throttle.size(), 65'536U);
  EXPECT_GT(throttle.size(), 0U);
  Throttle off({.limit = 0, .window = 10s});
  off.Count(Ip("::1"), now);
  EXPECT_EQ(off.size(), 0U);
}

}  // namespace
}  // namespace sluice::auth
