#include "sluice/routing/balance_key.h"

#include <gtest/gtest.h>

namespace sluice::routing {
namespace {

using Key = settings::Balance::Key;

class BalanceKeyTest : public ::testing::Test {
 protected:
  std::optional<uint64_t> KeyOf(Key key, const std::string& name = "") {
    return BalanceKey({settings::Balance::Mode::kHash, key, name},
                      {client, match, has_head ? &head : nullptr, claim});
  }

  std::optional<base::IpAddress> client = base::IpAddress::Parse("192.0.2.1");
  settings::Match match;
  bool has_head = true;
  http::RequestHead head;
  std::function<std::optional<std::string>(std::string_view)> claim;
};

TEST_F(BalanceKeyTest, IsNothingWhereNothingIsHashed) {
  EXPECT_FALSE(BalanceKey({settings::Balance::Mode::kRandomTwo}, {client, match, &head, claim}));
}

TEST_F(BalanceKeyTest, IsTheClients) {
  const auto one = KeyOf(Key::kClient);
  EXPECT_TRUE(one);
  EXPECT_EQ(KeyOf(Key::kClient), one);
  client = base::IpAddress::Parse("192.0.2.2");
  EXPECT_NE(KeyOf(Key::kClient), one);
  client = base::IpAddress::Parse("2001:db8::1");
  const auto six = KeyOf(Key::kClient);
  client = base::IpAddress::Parse("2001:db8::ffff:2");
  EXPECT_EQ(KeyOf(Key::kClient), six);
  client = base::IpAddress::Parse("2001:db8:0:1::1");
  EXPECT_NE(KeyOf(Key::kClient), six);
  client.reset();
  EXPECT_FALSE(KeyOf(Key::kClient));
}

TEST_F(BalanceKeyTest, IsACapture) {
  match.path.path = "/{room}";
  match.path.segments = {{true, "room"}};
  head.path = "/one";
  const auto one = KeyOf(Key::kCapture, "room");
  EXPECT_TRUE(one);
  head.path = "/two";
  EXPECT_NE(KeyOf(Key::kCapture, "room"), one);
  EXPECT_FALSE(KeyOf(Key::kCapture, "other"));
}

TEST_F(BalanceKeyTest, IsAHeaderAClaimOrAParameter) {
  EXPECT_FALSE(KeyOf(Key::kHeader, "X-Room"));
  EXPECT_FALSE(KeyOf(Key::kQuery, "room"));
  EXPECT_FALSE(KeyOf(Key::kClaim, "room"));
  head.headers.push_back({"x-room", "one"});
  head.query = "a=b&room=%6fne";
  claim = [](std::string_view name) {
    return name == "room" ? std::optional<std::string>("one") : std::nullopt;
  };
  const auto one = KeyOf(Key::kHeader, "X-Room");
  EXPECT_TRUE(one);
  EXPECT_EQ(KeyOf(Key::kQuery, "room"), one);
  EXPECT_EQ(KeyOf(Key::kClaim, "room"), one);
  EXPECT_FALSE(KeyOf(Key::kClaim, "other"));
}

TEST_F(BalanceKeyTest, ARequestWithoutAHeadHasOnlyItsClient) {
  has_head = false;
  EXPECT_TRUE(KeyOf(Key::kClient));
  EXPECT_FALSE(KeyOf(Key::kHeader, "X-Room"));
  EXPECT_FALSE(KeyOf(Key::kQuery, "room"));
  EXPECT_FALSE(KeyOf(Key::kCapture, "room"));
}

// Instances of sluice, and those of tomorrow, agree where a key goes.
TEST_F(BalanceKeyTest, IsTheSameForEver) {
  head.query = "room=lobby";
  EXPECT_EQ(KeyOf(Key::kQuery, "room"), 11308349100392745085U);
}

}  // namespace
}  // namespace sluice::routing
