// The section `health_check` of a backend.
#include "config/health.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/config/loader.h"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

constexpr char kRest[] =
    "listeners: [1]\nroutes: [{name: a, match: {path: /a}, backend: lab}]\n"
    "backends: {lab: {servers: [a:1], health_check: ";

settings::HealthCheck LoadCheck(const std::string& check) {
  const auto loaded = LoadString(kRest + check + "}}\n", "f");
  EXPECT_TRUE(loaded) << loaded.error()[0].ToString();
  const auto health = loaded ? loaded->config.backends[0].health_check : std::nullopt;
  EXPECT_TRUE(health);
  return health.value_or(settings::HealthCheck());
}

std::vector<std::string> Messages(const std::string& file) {
  const auto loaded = LoadString(file, "f");
  EXPECT_FALSE(loaded);
  std::vector<std::string> messages;
  if (loaded) return messages;
  for (const auto& error : loaded.error()) messages.push_back(error.message);
  return messages;
}

std::vector<std::string> Faults(const std::string& check) {
  return Messages(kRest + check + "}}\n");
}

TEST(LoadHealthCheck, NeedsNoKey) {
  EXPECT_EQ(LoadCheck("{}"), settings::HealthCheck());
  EXPECT_EQ(LoadCheck(""), settings::HealthCheck());
  EXPECT_EQ(LoadCheck("{check: tcp}"), settings::HealthCheck());
}

TEST(LoadHealthCheck, TakesAllThatCanBeSaid) {
  const auto health = LoadCheck(
      "{check: tls, interval: 100ms, timeout: 50ms, rise: 1, fall: 100, send: \"A\\r\\n\\x00\", "
      "expect: [220, \"B\"]}");
  EXPECT_TRUE(health.tls);
  EXPECT_EQ(health.interval, 100ms);
  EXPECT_EQ(health.timeout, 50ms);
  EXPECT_EQ(health.rise, 1u);
  EXPECT_EQ(health.fall, 100u);
  EXPECT_EQ(health.send, std::string("A\r\n\0", 4));
  EXPECT_THAT(health.expect, ElementsAre("220", "B"));
  EXPECT_THAT(LoadCheck("{expect: hello}").expect, ElementsAre("hello"));
}

TEST(LoadHealthCheck, KnowsProtocols) {
  EXPECT_EQ(LoadCheck("{check: redis}").send, "PING\r\n");
  EXPECT_THAT(LoadCheck("{check: redis}").expect, ElementsAre("+PONG", "-NOAUTH"));
  EXPECT_THAT(LoadCheck("{check: ssh}").expect, ElementsAre("SSH-2.0-", "SSH-1.99-"));
  EXPECT_THAT(LoadCheck("{check: smtp}").expect, ElementsAre("220"));
  EXPECT_THAT(LoadCheck("{check: rfb}").expect, ElementsAre("RFB "));
}

TEST(LoadHealthCheck, SaysWhatIsWrong) {
  EXPECT_THAT(Faults("on"), ElementsAre("health_check: expected a mapping (keys: check, interval, "
                                        "timeout, rise, ...), found 'on'"));
  EXPECT_THAT(
      Faults("{check: http}"),
      ElementsAre("check: expected 'tcp', 'tls', 'redis', 'ssh', 'smtp' or 'rfb', found 'http'"));
  EXPECT_THAT(
      Faults("{interval: 10ms, timeout: 2m, rise: 0, fall: x}"),
      ElementsAre(
          "interval: expected a duration from 100ms to 1h (units ms, s, m, h), found '10ms'",
          "timeout: expected a duration from 50ms to 1m (units ms, s, m, h), found '2m'",
          "rise: expected a number from 1 to 100, found '0'",
          "fall: expected a number from 1 to 100, found 'x'"));
  EXPECT_THAT(Faults("{send: x}"),
              ElementsAre("send: needs 'expect', the text that the answer must begin with"));
  EXPECT_THAT(Faults("{check: ssh, expect: x}"),
              ElementsAre("expect: has no effect: this 'check' has one of its own; take it out"));
  EXPECT_THAT(Faults("{expect: \"\"}"),
              ElementsAre("expect: expected a text of 1 to 1024 bytes, found ''"));
  EXPECT_THAT(Faults("{interfal: 1s}"),
              ElementsAre("unknown key 'interfal'; did you mean 'interval'?"));
}

TEST(LoadHealthCheck, NeedsServersThatAreKnown) {
  EXPECT_THAT(
      Messages("listeners: [1]\nroutes: [{name: a, match: {path: \"/{b}\"}, backend: {server: "
               "\"{b}:1\", allow: [\"*\"], health_check: {}}}]\n"),
      ElementsAre("health_check: needs 'servers': here each request has a server of its own"));
  const auto loaded = LoadString(
      "listeners: [1]\nroutes: [{name: a, match: {path: /a}, backend: {servers: [a:1], "
      "health_check: {}}}]\n",
      "f");
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->config.backends[0].health_check);
}

}  // namespace
}  // namespace sluice::config
