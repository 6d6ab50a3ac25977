// RequestHead: looking fields up, and what counts as an upgrade.
#include "sluice/http/request.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

RequestHead WithHeaders(std::vector<Header> headers) {
  RequestHead head;
  head.headers = std::move(headers);
  return head;
}

TEST(RequestHead, FindsFieldsWhateverTheirCase) {
  const RequestHead head = WithHeaders({{"Accept", "a"}, {"X-Y", "1"}, {"x-y", ""}, {"X-y", "3"}});
  EXPECT_EQ(head.Count("X-Y"), 3U);
  EXPECT_EQ(head.Count("x"), 0U);
  EXPECT_EQ(head.Find("x-Y"), "1");
  EXPECT_EQ(head.Find("none"), std::nullopt);
  EXPECT_EQ(head.Joined("X-Y"), "1, , 3");
  EXPECT_EQ(head.Joined("accept"), "a");
  EXPECT_EQ(head.Joined("none"), "");
}

TEST(RequestHead, KnowsAnUpgrade) {
  EXPECT_TRUE(WithHeaders({{"Upgrade", "websocket"}}).WantsUpgrade());
  EXPECT_TRUE(WithHeaders({{"upgrade", "h2c , WebSocket"}}).WantsUpgrade());
  EXPECT_TRUE(WithHeaders({{"upgrade", "h2c"}, {"Upgrade", "WEBSOCKET"}}).WantsUpgrade());
  EXPECT_TRUE(WithHeaders({{"Sec-WebSocket-Key", ""}}).WantsUpgrade());
  EXPECT_FALSE(WithHeaders({}).WantsUpgrade());
  EXPECT_FALSE(WithHeaders({{"Upgrade", "h2c"}, {"Connection", "websocket"}}).WantsUpgrade());
  EXPECT_FALSE(WithHeaders({{"Upgrade", "websockets"}}).WantsUpgrade());
}

}  // namespace
}  // namespace sluice::http
