#include "sluice/api/admin_api.h"

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "server/server_harness.h"

namespace sluice::api {
namespace {

using net::testing::RunTurns;
using net::testing::RunUntil;
using server::testing::EchoConfig;
using server::testing::ServerTest;

constexpr const char* kToken = "a token of 16 characters or more";

class AdminApiTest : public ServerTest {
 protected:
  void SetUp() override {
    Start(EchoConfig(2));
    reloader.emplace(
        *server, log, "sluice-no-such-file",
        [this] {
          settings::Config config = EchoConfig(2);
          config.routes.front().name = "other";
          return config::LoadResult(config::Loaded{std::move(config), {}, text});
        },
        "text");
    const std::string file =
        std::filesystem::temp_directory_path() / ("sluice-admin-token-" + std::to_string(getpid()));
    std::ofstream(file) << kToken << '\n';
    auto token = server::AdminToken::Load(file);
    std::filesystem::remove(file);
    ASSERT_TRUE(token);
    api.emplace(*server, &*reloader, *std::move(token), log);
  }

  AdminApi::Pending Ask(const std::string& path, bool has_token = true) {
    response.reset();
    http::RequestHead head;
    head.path = path;
    if (has_token) head.headers.push_back({"Authorization", std::string("Bearer ") + kToken});
    return api->Handle(head, "{}", net::Address(),
                       [this](http::Response answer, std::string_view why) {
                         response = std::move(answer);
                         refusal = why;
                       });
  }
  /// Waits for the answer to the request that is pending.
  nlohmann::json Answer() {
    EXPECT_TRUE(RunUntil(loop, [&] { return response.has_value(); }));
    return nlohmann::json::parse(response->body);
  }

  std::string text = "text";
  std::optional<server::Reloader> reloader;
  std::optional<AdminApi> api;
  std::optional<http::Response> response;
  std::string refusal;
};

TEST_F(AdminApiTest, HasEachPathForOneMethod) {
  EXPECT_EQ(api->MethodOf("/status"), "GET");
  EXPECT_EQ(api->MethodOf("/reload"), "POST");
  EXPECT_EQ(api->MethodOf("/tickets"), "POST");
  for (const char* path : {"", "/", "/metrics", "/status/"}) EXPECT_EQ(api->MethodOf(path), "");
  const AdminApi without_token(*server, &*reloader, std::nullopt, log);
  EXPECT_EQ(without_token.MethodOf("/status"), "GET");
  EXPECT_EQ(without_token.MethodOf("/reload"), "");
  EXPECT_EQ(without_token.MethodOf("/tickets"), "");
}

TEST_F(AdminApiTest, WithoutAFileThereIsNothingToReload) {
  api.emplace(*server, nullptr, std::nullopt, log);
  EXPECT_EQ(api->MethodOf("/reload"), "");
}

TEST_F(AdminApiTest, StatusNeedsNoTokenAndIsAskedOfTheWorkers) {
  const net::Fd client = OpenSession();
  const auto pending = Ask("/status", /*has_token=*/false);
  EXPECT_FALSE(response);
  const auto json = Answer();
  EXPECT_EQ(response->status, 200);
  EXPECT_EQ(json["routes"], nlohmann::json::parse(R"([{"name": "echo", "sessions": 1}])"));
  EXPECT_EQ(refusal, "");
}

TEST_F(AdminApiTest, AReloadIsAnsweredWhenTheWorkersUseIt) {
  text = "other text";
  const auto pending = Ask("/reload");
  EXPECT_FALSE(response);
  EXPECT_EQ(Answer(), nlohmann::json::parse(R"({"result": "reloaded", "warnings": 0})"));
  EXPECT_EQ(response->status, 200);
  const auto again = Ask("/reload");
  ASSERT_TRUE(response);
  EXPECT_EQ(Answer()["result"], "unchanged");
}

TEST_F(AdminApiTest, ChangesNeedTheToken) {
  for (const char* path : {"/reload", "/tickets"}) {
    const auto pending = Ask(path, /*has_token=*/false);
    ASSERT_TRUE(response) << path;
    EXPECT_EQ(response->status, 401);
    EXPECT_EQ(response->headers.back(), (http::Header{"WWW-Authenticate", "Bearer"}));
    EXPECT_EQ(Answer()["error"], refusal);
    EXPECT_NE(refusal, "");
  }
}

TEST_F(AdminApiTest, WithoutARouteThatTakesTicketsThereAreNone) {
  const auto pending = Ask("/tickets");
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(Answer()["error"], "no route takes tickets");
}

TEST_F(AdminApiTest, AWithdrawnRequestIsNotAnswered) {
  text = "other text";
  for (const char* path : {"/status", "/reload"}) Ask(path).reset();
  RunTurns(loop, 20);
  EXPECT_FALSE(response);
}

}  // namespace
}  // namespace sluice::api
