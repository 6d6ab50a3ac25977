#include "server/backend_samples.h"

#include <gtest/gtest.h>

#include "server/some_backends.h"

namespace sluice::server {
namespace {

TEST(BackendSamples, HaveTheStateOfServersAndQueues) {
  const auto samples = SamplesOf(testing::SomeBackends());
  ASSERT_EQ(samples.size(), 2U);
  EXPECT_EQ(samples[0].backend, "lab");
  ASSERT_EQ(samples[0].servers.size(), 4U);
  EXPECT_TRUE(samples[0].servers[0].is_up);
  EXPECT_EQ(samples[0].servers[0].sessions, 3U);
  EXPECT_FALSE(samples[0].servers[1].is_up);
  EXPECT_EQ(samples[0].servers[1].ejections, 4U);
  EXPECT_FALSE(samples[0].servers[2].is_up);
  EXPECT_TRUE(samples[0].servers[3].is_up);
  EXPECT_TRUE(samples[0].has_queue);
  EXPECT_EQ(samples[0].waiting, 6U);
  EXPECT_EQ(samples[0].waited_seconds, 2.5);
  ASSERT_EQ(samples[0].queue_ends.size(), routing::kQueueEnds);
  EXPECT_EQ(samples[0].queue_ends[1].first, "timeout");
  EXPECT_EQ(samples[0].queue_ends[1].second, 8U);
  EXPECT_FALSE(samples[1].has_queue);
}

}  // namespace
}  // namespace sluice::server
