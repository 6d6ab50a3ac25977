#include "sluice/routing/balancer.h"

#include <string>

#include <gtest/gtest.h>

namespace sluice::routing {
namespace {

config::Config TwoBackends() {
  config::Config config;
  config.backends.resize(2);
  for (uint16_t port : {uint16_t{1}, uint16_t{2}, uint16_t{3}}) {
    config.backends[0].servers.push_back({{config::Endpoint::Kind::kTcp, "a", port}});
  }
  config.backends[1].servers.push_back({{config::Endpoint::Kind::kTcp, "b", 9}});
  return config;
}

/// `port#id` of each candidate.
std::string Text(const std::vector<Candidate>& candidates) {
  std::string text;
  for (const auto& candidate : candidates) {
    text += std::to_string(candidate.server->port) + "#" + std::to_string(candidate.id) + " ";
  }
  return text;
}

TEST(BalancerTest, GoesRound) {
  const auto config = TwoBackends();
  Balancer balancer(config, 0);
  EXPECT_EQ(Text(balancer.Candidates(0)), "1#0 2#1 3#2 ");
  EXPECT_EQ(Text(balancer.Candidates(0)), "2#1 3#2 1#0 ");
  EXPECT_EQ(Text(balancer.Candidates(0)), "3#2 1#0 2#1 ");
  EXPECT_EQ(Text(balancer.Candidates(0)), "1#0 2#1 3#2 ");
}

TEST(BalancerTest, EachBackendOnItsOwn) {
  const auto config = TwoBackends();
  Balancer balancer(config, 0);
  EXPECT_EQ(Text(balancer.Candidates(1)), "9#3 ");
  EXPECT_EQ(Text(balancer.Candidates(0)), "1#0 2#1 3#2 ");
  EXPECT_EQ(Text(balancer.Candidates(1)), "9#3 ");
}

TEST(BalancerTest, StartsWhereItIsTold) {
  const auto config = TwoBackends();
  EXPECT_EQ(Text(Balancer(config, 1).Candidates(0)), "2#1 3#2 1#0 ");
  EXPECT_EQ(Text(Balancer(config, 3'000'000'002).Candidates(0)), "3#2 1#0 2#1 ");
  EXPECT_EQ(Text(Balancer(config, SIZE_MAX).Candidates(1)), "9#3 ");
}

}  // namespace
}  // namespace sluice::routing
