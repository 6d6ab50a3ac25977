#include "server/status_report.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sluice::server {
namespace {

using Health = routing::ServerState::Health;

std::vector<routing::BackendState> SomeBackends() {
  using namespace std::chrono_literals;
  routing::BackendState lab{.name = "lab", .servers = {}};
  lab.servers.push_back({.address = "a:1", .max_sessions = 5, .sessions = 3, .dials = 1});
  lab.servers.push_back({.address = "b:1",
                         .weight = 2,
                         .health = Health::kEjected,
                         .ejections = 4,
                         .ejected_for = 1500ms});
  lab.servers.push_back({.address = "c:1", .tier = 2, .health = Health::kDown});
  lab.servers.push_back({.address = "d:1", .health = Health::kStarting});
  lab.waiting = 6;
  lab.queue_size = 7;
  lab.queue_ends[static_cast<size_t>(routing::QueueEnd::kTimeout)] = 8;
  lab.waited = 2500ms;
  return {lab, {.name = "db", .servers = {{.address = "e:1"}}}};
}

TEST(StatusReport, IsJson) {
  const auto report = nlohmann::json::parse(StatusReport(SomeBackends(), {{"vnc", 3}}));
  EXPECT_EQ(report["routes"], nlohmann::json::parse(R"([{"name": "vnc", "sessions": 3}])"));
  ASSERT_EQ(report["backends"].size(), 2U);
  const auto& lab = report["backends"][0];
  EXPECT_EQ(lab["name"], "lab");
  EXPECT_EQ(lab["queue"], nlohmann::json::parse(R"({"waiting": 6, "size": 7})"));
  EXPECT_EQ(lab["servers"][0], nlohmann::json::parse(R"({
    "address": "a:1", "state": "up", "sessions": 3, "dials": 1, "max_sessions": 5, "weight": 1,
    "tier": 1, "ejections": 0})"));
  EXPECT_EQ(lab["servers"][1]["state"], "ejected");
  EXPECT_EQ(lab["servers"][1]["ejected_for"], 1.5);
  EXPECT_EQ(lab["servers"][1]["max_sessions"], nullptr);
  EXPECT_EQ(lab["servers"][2]["state"], "down");
  EXPECT_EQ(lab["servers"][3]["state"], "starting");
  EXPECT_FALSE(report["backends"][1].contains("queue"));
}

TEST(StatusReport, SaysTheSameToTheScrape) {
  const auto samples = SamplesOf(SomeBackends());
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
