#include "config/balance.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/config/loader.h"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Mode = settings::Balance::Mode;
using Key = settings::Balance::Key;

/// A file whose one backend is `backend`.
LoadResult LoadBalance(const std::string& backend, const std::string& match = "{path: /a}",
                       const std::string& more = "") {
  return LoadString("listeners: [1]\nbackends:\n  b: " + backend +
                        "\nroutes: [{name: r, match: " + match + ", backend: b" + more + "}]\n",
                    "f");
}

/// The messages without their places.
std::vector<std::string> Faults(const LoadResult& loaded) {
  std::vector<std::string> faults;
  if (loaded) return faults;
  for (const auto& error : loaded.error()) faults.push_back(error.message);
  return faults;
}

TEST(Balance, IsPlainByDefault) {
  const auto loaded = LoadBalance("{servers: [a:1]}");
  ASSERT_TRUE(loaded);
  const settings::Backend& backend = loaded->config.backends[0];
  EXPECT_EQ(backend.servers[0],
            (settings::Server{{settings::Endpoint::Kind::kTcp, "a", 1}, 1, 1, 0}));
  EXPECT_EQ(backend.balance, settings::Balance());
  EXPECT_EQ(backend.queue, settings::BackendQueue());
  EXPECT_EQ(backend.queue.size, 0U);
  EXPECT_EQ(backend.ejection, settings::Ejection());
  EXPECT_EQ(backend.slow_start, 0s);
  EXPECT_EQ(backend.connect_retry, 0s);
}

TEST(Balance, ReadsEveryKey) {
  const auto loaded = LoadBalance(
      "{servers: [a:1, {address: b:2, weight: 5, tier: 2, max_sessions: 7}, {address: c:3}], "
      "balance: least_sessions, queue: {size: 9, timeout: 2s}, "
      "eject: {after: 2, for: 1s, at_most: 1m}, slow_start: 30s, connect_retry: {for: 8s}}");
  ASSERT_TRUE(loaded) << loaded.error().front().ToString();
  EXPECT_THAT(loaded->warnings, IsEmpty());
  const settings::Backend& backend = loaded->config.backends[0];
  EXPECT_THAT(backend.servers,
              ElementsAre(settings::Server{{settings::Endpoint::Kind::kTcp, "a", 1}, 1, 1, 0},
                          settings::Server{{settings::Endpoint::Kind::kTcp, "b", 2}, 5, 2, 7},
                          settings::Server{{settings::Endpoint::Kind::kTcp, "c", 3}, 1, 1, 0}));
  EXPECT_EQ(backend.balance, settings::Balance{Mode::kLeastSessions});
  EXPECT_EQ(backend.queue, (settings::BackendQueue{9, 2s}));
  EXPECT_EQ(backend.ejection, (settings::Ejection{2, 1s, 1min}));
  EXPECT_EQ(backend.slow_start, 30s);
  EXPECT_EQ(backend.connect_retry, 8s);
}

TEST(Balance, TakesOffForWhatCanBeOff) {
  const auto loaded = LoadBalance(
      "{servers: [{address: a:1, max_sessions: off}], queue: off, eject: off, slow_start: off, "
      "connect_retry: off}");
  ASSERT_TRUE(loaded) << loaded.error().front().ToString();
  const settings::Backend& backend = loaded->config.backends[0];
  EXPECT_EQ(backend.servers[0].max_sessions, 0U);
  EXPECT_EQ(backend.queue.size, 0U);
  EXPECT_EQ(backend.ejection.after, 0U);
  EXPECT_EQ(backend.slow_start, 0s);
  EXPECT_EQ(backend.connect_retry, 0s);
}

TEST(Balance, ReadsModesAndKeys) {
  const auto balance = [](const std::string& text, const std::string& match = "{path: /a}") {
    const auto loaded = LoadBalance("{servers: [a:1], balance: " + text + "}", match);
    EXPECT_TRUE(loaded) << loaded.error().front().ToString();
    return loaded ? loaded->config.backends[0].balance : settings::Balance();
  };
  EXPECT_EQ(balance("round_robin"), settings::Balance{Mode::kRoundRobin});
  EXPECT_EQ(balance("random_two"), settings::Balance{Mode::kRandomTwo});
  EXPECT_EQ(balance("{hash: client}"), (settings::Balance{Mode::kHash, Key::kClient}));
  EXPECT_EQ(balance("{hash: capture.room}", "{path: \"/a/{room}\"}"),
            (settings::Balance{Mode::kHash, Key::kCapture, "room"}));
  EXPECT_EQ(balance("{hash: header.X-Room}"),
            (settings::Balance{Mode::kHash, Key::kHeader, "X-Room"}));
  EXPECT_EQ(balance("{hash: query.a.b}"), (settings::Balance{Mode::kHash, Key::kQuery, "a.b"}));
}

TEST(Balance, TheRouteMustHaveWhatIsHashed) {
  EXPECT_THAT(
      Faults(
          LoadBalance("{servers: [a:1], balance: {hash: capture.rom}}", "{path: \"/a/{room}\"}")),
      ElementsAre("backend: the backend hashes 'capture.rom', but the route's match has no such "
                  "capture; did you mean 'room'?"));
  EXPECT_THAT(Faults(LoadBalance("{servers: [a:1], balance: {hash: claim.sub}}")),
              ElementsAre("backend: the backend hashes 'claim.sub', but the route's 'auth' has no "
                          "'jwt', the only method with claims"));
  EXPECT_TRUE(LoadBalance("{servers: [a:1], balance: {hash: claim.sub}}", "{path: /a}",
                          ", auth: {jwt: {algorithms: [HS256], key_file: k}}"));
}

TEST(Balance, SaysWhatIsWrong) {
  const auto faults = [](const std::string& keys) {
    return Faults(LoadBalance("{servers: [a:1], " + keys + "}"));
  };
  EXPECT_THAT(faults("balance: robin"),
              ElementsAre("balance: expected 'round_robin', 'least_sessions', 'random_two', or a "
                          "mapping such as {hash: client}, found 'robin'"));
  EXPECT_THAT(faults("balance: {}"), ElementsAre("balance: missing key 'hash'"));
  for (const char* key : {"ip", "capture.", "header", "cookie.a"}) {
    EXPECT_THAT(faults(std::string("balance: {hash: ") + key + "}"),
                ElementsAre("hash: expected 'client', 'capture.NAME', 'header.NAME', 'claim.NAME' "
                            "or 'query.NAME', found '" +
                            std::string(key) + "'"));
  }
  EXPECT_THAT(faults("queue: {timeout: 1s}"), Contains("queue: missing key 'size'"));
  EXPECT_THAT(faults("queue: on"),
              ElementsAre("queue: expected 'off' or a mapping with 'size' and 'timeout', found "
                          "'on'"));
  EXPECT_THAT(
      faults("queue: {size: 3}"),
      ElementsAre(
          "queue: has no effect: no server has 'max_sessions', so that no client ever waits"));
  EXPECT_THAT(faults("eject: {for: 1m, at_most: 30s}"),
              ElementsAre("eject: 'at_most' (30s) is shorter than 'for' (1m)"));
  EXPECT_THAT(faults("eject: {after: 0}"), ElementsAre(HasSubstr("after: expected")));
  EXPECT_THAT(faults("connect_retry: {}"), ElementsAre("connect_retry: missing key 'for'"));
  EXPECT_THAT(faults("slow_start: 2h"), ElementsAre(HasSubstr("slow_start: expected")));
}

TEST(Balance, SaysWhatIsWrongWithAServer) {
  const auto faults = [](const std::string& servers) {
    return Faults(LoadBalance("{servers: [" + servers + "]}"));
  };
  EXPECT_THAT(faults("{weight: 2}"), ElementsAre("servers: missing key 'address'"));
  EXPECT_THAT(faults("{address: a:1, weight: 0}"), ElementsAre(HasSubstr("weight: expected")));
  EXPECT_THAT(faults("{address: a:1, weigth: 2}"), ElementsAre(HasSubstr("'weight'")));
  EXPECT_THAT(faults("a:1, {address: a:1, weight: 2}"),
              ElementsAre("servers: 'a:1' is in the list twice"));
  EXPECT_THAT(faults("{address: a}"), ElementsAre(HasSubstr("'a' has no port")));
}

TEST(Balance, IsForServersOfTheFile) {
  const auto own = [](const std::string& keys) {
    return Faults(
        LoadString("listeners: [1]\nroutes: [{name: r, match: {path: \"/{s}\"}, backend: "
                   "{server: \"{s}:1\", allow: [\"*\"], " +
                       keys + "}}]\n",
                   "f"));
  };
  const std::string message =
      ": is for a backend with 'servers'; here each request has a server of its own";
  EXPECT_THAT(own("balance: random_two"), ElementsAre("balance" + message));
  EXPECT_THAT(own("queue: {size: 1}"), ElementsAre("queue" + message));
  EXPECT_THAT(own("eject: off"), ElementsAre("eject" + message));
  EXPECT_THAT(own("slow_start: 1s"), ElementsAre("slow_start" + message));
  EXPECT_THAT(own("connect_retry: {for: 1s}"), IsEmpty());
}

}  // namespace
}  // namespace sluice::config
