// The options of routes, and their defaults.
#include <chrono>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load_text.h"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::kMinimal;
using testing::Load;

TEST(LoadString, LetsARouteOverrideFieldByField) {
  // The sections stand in an order in which each comes before what it refers to.
  const auto config = Load(R"(
routes:
  - name: a
    match: {path: /a}
    backend: lab
    keepalive: {pong_timeout: 3s}
    timeouts: {idle: off, close: 1s}
    on_dial_failure: close
    subprotocols: [x]
    origins: ["*"]
  - {name: b, match: {path: /b}, backend: lab}
backends: {lab: {servers: [a:1]}}
defaults:
  keepalive: {ping_interval: off, pong_timeout: 2s}
  timeouts: {idle: 1h, connect: 9s}
  on_dial_failure: http
  subprotocols: [y, z]
listeners: [8080]
)")
                          .config;
  ASSERT_EQ(config.routes.size(), 2U);
  const auto& a = config.routes[0].options;
  EXPECT_EQ(a.keepalive.ping_interval, 0s);
  EXPECT_EQ(a.keepalive.pong_timeout, 3s);
  EXPECT_EQ(a.connect_timeout, 9s);
  EXPECT_EQ(a.idle_timeout, 0s);
  EXPECT_EQ(a.close_timeout, 1s);
  EXPECT_EQ(a.on_dial_failure, settings::OnDialFailure::kClose);
  EXPECT_THAT(*a.subprotocols, ElementsAre("x"));
  EXPECT_THAT(*a.origins, ElementsAre("*"));
  const auto& b = config.routes[1].options;
  EXPECT_EQ(b.keepalive.pong_timeout, 2s);
  EXPECT_EQ(b.idle_timeout, 1h);
  EXPECT_EQ(b.close_timeout, 5s);
  EXPECT_EQ(b.on_dial_failure, settings::OnDialFailure::kHttp);
  EXPECT_THAT(*b.subprotocols, ElementsAre("y", "z"));
  EXPECT_FALSE(b.origins);
}

settings::Framing LoadFraming(const std::string& framing) {
  return Load(kMinimal + std::string("defaults: {framing: ") + framing + "}\n")
      .config.routes[0]
      .options.framing;
}

TEST(LoadString, ReadsEveryFraming) {
  EXPECT_EQ(LoadFraming("stream"), settings::Framing(settings::StreamFraming()));
  EXPECT_EQ(LoadFraming("{stream: {type: text}}"),
            settings::Framing(settings::StreamFraming{settings::MessageType::kText}));
  // The word, or without options, is as good as all defaults.
  for (const char* lines : {"lines", "{lines: {}}", "{lines: }"}) {
    EXPECT_EQ(LoadFraming(lines), settings::Framing(settings::LinesFraming())) << lines;
  }
  EXPECT_EQ(LoadFraming("length_prefixed"), settings::Framing(settings::LengthPrefixedFraming()));
  EXPECT_EQ(LoadFraming("{length_prefixed: {size: u8, type: text}}"),
            settings::Framing(
                settings::LengthPrefixedFraming{.size = 1, .type = settings::MessageType::kText}));
  EXPECT_EQ(LoadFraming("{length_prefixed: {size: u16, order: little, includes_header: true, "
                        "type_byte: true}}"),
            settings::Framing(settings::LengthPrefixedFraming{.size = 2,
                                                              .order = settings::ByteOrder::kLittle,
                                                              .includes_header = true,
                                                              .type_byte = true}));
  EXPECT_EQ(LoadFraming("{length_prefixed: {size: u32, type_byte: false, type: binary}}"),
            settings::Framing(settings::LengthPrefixedFraming()));
  EXPECT_EQ(LoadFraming("{lines: {type: \"${TYPE:-binary}\"}}"),
            settings::Framing(settings::LinesFraming{.type = settings::MessageType::kBinary}));
}

TEST(LoadString, ReplacesTheFramingAndOverridesTheRest) {
  const auto config = Load(R"(
listeners: [8080]
defaults:
  limits: {message: 1MiB}
  framing: {lines: {end: lf}}
  compression: {enabled: true, min_size: 5}
routes:
  - name: a
    match: {path: /a}
    backend: a:1
    limits: {message: 2MiB}
    framing: {lines: {max_length: 9}}
    compression: {memory_level: 3}
  - {name: b, match: {path: /b}, backend: a:1, framing: stream}
)")
                          .config;
  const auto& a = config.routes[0].options;
  EXPECT_EQ(a.message_limit, 2U << 20);
  EXPECT_EQ(a.framing, settings::Framing(settings::LinesFraming{.max_length = 9}));
  EXPECT_EQ(a.compression,
            (settings::Compression{.enabled = true, .min_size = 5, .memory_level = 3}));
  const auto& b = config.routes[1].options;
  EXPECT_EQ(b.message_limit, 1U << 20);
  EXPECT_EQ(b.framing, settings::Framing(settings::StreamFraming()));
  EXPECT_EQ(b.compression, (settings::Compression{.enabled = true, .min_size = 5}));
}

}  // namespace
}  // namespace sluice::config
