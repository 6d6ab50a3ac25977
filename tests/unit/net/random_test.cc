#include "sluice/net/random.h"

#include <array>
#include <set>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::net {
namespace {

TEST(RandomBytesTest, GivesOthersEachTime) {
  RandomBytes random;
  std::set<std::array<uint8_t, 8>> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random.Take<8>());
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(RandomBytesTest, FillsWhatIsLongerThanItFetchesAtOnce) {
  RandomBytes random;
  random.Take<3>();
  std::vector<uint8_t> bytes(10'000);
  random.Fill(bytes);
  EXPECT_GT(std::set<uint8_t>(bytes.begin(), bytes.end()).size(), 250u);
  EXPECT_NE(std::vector<uint8_t>(bytes.begin(), bytes.begin() + 256),
            std::vector<uint8_t>(bytes.end() - 256, bytes.end()));
}

}  // namespace
}  // namespace sluice::net
