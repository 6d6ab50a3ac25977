// Which close codes a peer may send.
#include "sluice/websocket/close_code.h"

#include <cstdint>

#include <gtest/gtest.h>

namespace sluice::websocket {
namespace {

struct Range {
  uint16_t first;
  uint16_t last;
  bool legal;
};

// RFC 6455 section 7.4.1 and 7.4.2, and the IANA registry, without a gap.
constexpr Range kRanges[] = {
    {0, 999, false},      // Not used.
    {1000, 1003, true},   //
    {1004, 1004, false},  // Reserved.
    {1005, 1006, false},  // Never on the wire.
    {1007, 1011, true},   //
    {1012, 1014, true},   // Registered since: service restart, try again later, bad gateway.
    {1015, 1015, false},  // Never on the wire.
    {1016, 2999, false},  // Not registered.
    {3000, 3999, true},   // Libraries.
    {4000, 4999, true},   // Applications.
    {5000, 65535, false},
};

TEST(CloseCodeTest, EveryCode) {
  uint32_t next = 0;
  for (const Range& range : kRanges) {
    ASSERT_EQ(range.first, next);
    for (; next <= range.last; ++next) {
      EXPECT_EQ(IsCloseCodeOnWire(static_cast<uint16_t>(next)), range.legal) << next;
    }
  }
  EXPECT_EQ(next, 65536u);
}

TEST(CloseCodeTest, TheStandInsAreNotForTheWire) {
  EXPECT_EQ(kCloseNormal, 1000);
  EXPECT_EQ(kCloseNoStatus, 1005);
  EXPECT_EQ(kCloseAbnormal, 1006);
  EXPECT_TRUE(IsCloseCodeOnWire(kCloseNormal));
  EXPECT_FALSE(IsCloseCodeOnWire(kCloseNoStatus));
  EXPECT_FALSE(IsCloseCodeOnWire(kCloseAbnormal));
}

}  // namespace
}  // namespace sluice::websocket
