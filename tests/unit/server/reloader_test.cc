#include "sluice/server/reloader.h"

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "server/server_harness.h"

namespace sluice::server {
namespace {

using Result = Reloader::Result;
using net::testing::RunTurns;
using net::testing::RunUntil;
using testing::EchoConfig;
using testing::ServerTest;

class ReloaderTest : public ServerTest {
 protected:
  void SetUp() override {
    Start(EchoConfig(2));
    // The file is only watched: the text comes from Load.
    const std::string file = std::filesystem::temp_directory_path() / "sluice-no-such-file";
    reloader = std::make_unique<Reloader>(
        *server, log, file, [this] { return Load(); }, text);
  }

  config::LoadResult Load() {
    ++loads;
    if (text == "faulty") {
      config::Diagnostic fault;
      fault.message = "it is faulty";
      return base::Unexpected(std::vector{fault});
    }
    settings::Config config = EchoConfig(2);
    config.routes.front().name = text;
    return config::Loaded{std::move(config), {}, text};
  }

  /// Requests a reload whose outcomes are stored in `outcomes`.
  std::shared_ptr<const void> Request() {
    return reloader->Reload([this](const Reloader::Outcome& outcome) {
      outcomes.push_back(outcome);
      routes.push_back(server->config().routes.front().name);
    });
  }
  size_t Lines(std::string_view event) {
    size_t count = 0;
    for (const auto& line : log.lines()) count += line == event || line.starts_with(event);
    return count;
  }

  std::string text = "first";
  int loads = 0;
  std::unique_ptr<Reloader> reloader;
  std::vector<Reloader::Outcome> outcomes;
  std::vector<std::string> routes;  ///< the route in use at each outcome
};

TEST_F(ReloaderTest, AnswersWhenAllWorkersUseTheConfiguration) {
  text = "second";
  const auto request = Request();
  EXPECT_TRUE(outcomes.empty());
  EXPECT_EQ(Lines("config_reloaded"), 0u);
  EXPECT_TRUE(RunUntil(loop, [&] { return !outcomes.empty(); }));
  EXPECT_EQ(outcomes[0].result, Result::kReloaded);
  EXPECT_EQ(outcomes[0].silent_workers, std::vector<size_t>());
  EXPECT_EQ(routes[0], "second");
  EXPECT_EQ(Lines("config_reloaded"), 1u);
  EXPECT_EQ(Metric("sluice_config_reloads_total"), 1);
}

TEST_F(ReloaderTest, WhatChangesNothingIsAnsweredAtOnce) {
  const auto unchanged = Request();
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].result, Result::kUnchanged);
  text = "faulty";
  const auto failed = Request();
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[1].result, Result::kFailed);
  ASSERT_EQ(outcomes[1].faults.size(), 1u);
  EXPECT_NE(outcomes[1].faults[0].find("it is faulty"), std::string::npos);
  EXPECT_EQ(routes[1], "echo");
  EXPECT_EQ(Lines("config_unchanged"), 1u);
  EXPECT_EQ(Lines("config_kept"), 1u);
}

TEST_F(ReloaderTest, RequestsDuringAReloadShareTheNextOne) {
  text = "second";
  const auto first = Request();
  text = "third";
  const auto second = Request();
  const auto third = Request();
  reloader->Reload();
  EXPECT_EQ(loads, 1);
  EXPECT_TRUE(RunUntil(loop, [&] { return outcomes.size() == 3; }));
  EXPECT_EQ(loads, 2);
  EXPECT_EQ(routes, (std::vector<std::string>{"second", "third", "third"}));
  for (const auto& outcome : outcomes) EXPECT_EQ(outcome.result, Result::kReloaded);
}

TEST_F(ReloaderTest, AReloadGoesOnWhenItsRequestIsWithdrawn) {
  text = "second";
  auto request = Request();
  request.reset();
  EXPECT_TRUE(RunUntil(loop, [&] { return Lines("config_reloaded") == 1; }));
  EXPECT_TRUE(outcomes.empty());
}

TEST_F(ReloaderTest, DestroyingItWithdrawsEverything) {
  text = "second";
  const auto request = Request();
  reloader.reset();
  RunTurns(loop, 20);
  EXPECT_TRUE(outcomes.empty());
}

TEST_F(ReloaderTest, ADrainRefusesReloads) {
  server->Drain([](const std::vector<size_t>&) {});
  text = "second";
  const auto request = Request();
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].faults, std::vector<std::string>{"sluice is about to stop"});
}

}  // namespace
}  // namespace sluice::server
