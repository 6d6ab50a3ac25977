#include "net/block_cache.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/base/bytes.h"
#include "sluice/net/byte_queue.h"

#include "net/run_loop.h"

namespace sluice::net {
namespace {

TEST(BlockCacheTest, KeepsWhatIsReleased) {
  BlockCache cache;
  uint8_t* const first = cache.Acquire();
  uint8_t* const second = cache.Acquire();
  EXPECT_NE(first, second);
  EXPECT_EQ(cache.idle(), 0u);
  cache.Release(first);
  cache.Release(second);
  EXPECT_EQ(cache.idle(), 2u);
  EXPECT_EQ(cache.Acquire(), second) << "the last one is likely to be in the processor's cache";
  EXPECT_EQ(cache.Acquire(), first);
  cache.Release(first);
  cache.Release(second);
}

TEST(BlockCacheTest, KeepsABoundedNumber) {
  BlockCache cache;
  std::vector<uint8_t*> blocks;
  for (size_t i = 0; i < BlockCache::kMostIdle + 3; ++i) blocks.push_back(cache.Acquire());
  for (uint8_t* const block : blocks) cache.Release(block);
  EXPECT_EQ(cache.idle(), BlockCache::kMostIdle);
}

TEST(BlockCacheTest, TrimReturnsWhatHasBeenIdleSinceTheLastOne) {
  BlockCache cache;
  std::vector<uint8_t*> blocks;
  for (int i = 0; i < 5; ++i) blocks.push_back(cache.Acquire());
  for (uint8_t* const block : blocks) cache.Release(block);
  cache.Trim();
  EXPECT_EQ(cache.idle(), 5u) << "all were in use a moment ago";

  uint8_t* const one = cache.Acquire();
  uint8_t* const two = cache.Acquire();
  cache.Release(one);
  cache.Release(two);
  cache.Trim();
  EXPECT_EQ(cache.idle(), 2u) << "three were not needed";
  cache.Trim();
  EXPECT_EQ(cache.idle(), 0u);
}

TEST(BlockCacheTest, ALoopTrimsTheCacheOfItsThread) {
  EventLoop loop;
  ByteQueue queue;
  queue.Append(base::AsBytes(std::string(5 * BlockCache::kBlockSize, 'x')));
  EXPECT_EQ(BlockCache::OfThread().idle(), 0u);
  queue.Clear();
  EXPECT_EQ(BlockCache::OfThread().idle(), 5u) << "they wait for the next queue";
  EXPECT_TRUE(testing::RunUntil(loop, [] { return BlockCache::OfThread().idle() == 0; }));
}

}  // namespace
}  // namespace sluice::net
