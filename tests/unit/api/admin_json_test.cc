#include "api/admin_json.h"

#include <chrono>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "server/some_backends.h"

namespace sluice::api {
namespace {

TEST(AdminJson, Status) {
  const server::Status status{{{"vnc", 3}}, server::testing::SomeBackends()};
  const auto report = nlohmann::json::parse(StatusJson(status));
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
  EXPECT_FALSE(report.contains("silent_workers"));
}

TEST(AdminJson, StatusNamesTheWorkersThatDidNotReply) {
  const auto report = nlohmann::json::parse(StatusJson({{{"vnc", 3}}, {}, {0, 2}}));
  EXPECT_EQ(report["silent_workers"], nlohmann::json::parse("[0, 2]"));
}

TEST(AdminJson, Reload) {
  using Result = server::Reloader::Result;
  EXPECT_EQ(ReloadJson({Result::kUnchanged}), "{\"result\":\"unchanged\"}\n");
  EXPECT_EQ(ReloadJson({.result = Result::kReloaded, .warnings = 2}),
            "{\"result\":\"reloaded\",\"warnings\":2}\n");
  EXPECT_EQ(ReloadJson({.result = Result::kReloaded, .silent_workers = {1}}),
            "{\"result\":\"reloaded\",\"warnings\":0,\"silent_workers\":[1]}\n");
  EXPECT_EQ(ReloadJson({.result = Result::kFailed, .faults = {"a.yaml:1:2: no"}}),
            "{\"faults\":[\"a.yaml:1:2: no\"],\"result\":\"failed\"}\n");
}

TEST(AdminJson, Ticket) {
  EXPECT_EQ(TicketJson({"abc", std::chrono::seconds(15), {}}),
            "{\"expires_in\":15,\"ticket\":\"abc\"}\n");
}

TEST(AdminJson, AnErrorIsAnObjectWhateverTheBytesOfItsText) {
  EXPECT_EQ(ErrorJson("no"), "{\"error\":\"no\"}\n");
  EXPECT_EQ(ErrorJson("\xff\""), "{\"error\":\"\xef\xbf\xbd\\\"\"}\n");
  const http::Response response = JsonResponse(404, ErrorJson("no"));
  EXPECT_EQ(response.status, 404);
  ASSERT_EQ(response.headers.size(), 1u);
  EXPECT_EQ(response.headers[0].name, "Content-Type");
  EXPECT_EQ(response.headers[0].value, "application/json");
}

TEST(AdminJson, ParsesObjectsOfText) {
  const auto object = ParseTextObject(R"({"route": "vnc", "user": ""})");
  ASSERT_TRUE(object) << object.error();
  EXPECT_EQ(*object, (std::map<std::string, std::string>{{"route", "vnc"}, {"user", ""}}));
  for (const char* text : {"", "[]", "{", "\"a\"", "{\"a\": 1}", "{\"a\": null}"}) {
    EXPECT_FALSE(ParseTextObject(text)) << text;
  }
}

}  // namespace
}  // namespace sluice::api
