// A session between two fake legs, with a worker's context around it: a real loop, a configuration
// made in code, metrics, and a log that is kept.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/relay/client_request.h"
#include "sluice/relay/session.h"
#include "sluice/websocket/frame.h"

#include "net/run_loop.h"
#include "relay/fake_stream.h"
#include "relay/message_relay.h"
#include "websocket/client_frames.h"

namespace sluice::relay::testing {

class RecordingLog final : public base::Log {
 public:
  struct Line {
    base::LogLevel level;
    std::string event;
    std::map<std::string, std::string, std::less<>> fields;
    /// The field as text; `-` if it is not there.
    std::string operator[](std::string_view key) const {
      const auto found = fields.find(key);
      return found == fields.end() ? "-" : found->second;
    }
  };

  void Write(base::LogLevel level, std::string_view event,
             std::span<const base::LogField> fields) override {
    Line line{level, std::string(event), {}};
    for (const auto& field : fields) {
      std::visit([&](const auto& value) { line.fields[std::string(field.key)] = Text(value); },
                 field.value);
    }
    lines.push_back(std::move(line));
  }

  std::vector<Line> lines;

 private:
  static std::string Text(std::string_view value) { return std::string(value); }
  static std::string Text(int64_t value) { return std::to_string(value); }
  static std::string Text(double value) { return std::to_string(value); }
  static std::string Text(bool value) { return value ? "true" : "false"; }
};

/// For those who connect to literal addresses only, or not at all.
class NoResolver final : public net::Resolver {
 public:
  std::unique_ptr<Query> Resolve(const std::string& host, uint16_t, Cached /*cached*/,
                                 Callback) override {
    ADD_FAILURE() << "nobody should ask for " << host;
    return nullptr;
  }
  std::unique_ptr<Query> ResolveService(const std::string& name, Cached /*cached*/,
                                        ServicesCallback) override {
    ADD_FAILURE() << "nobody should ask for " << name;
    return nullptr;
  }
  void TakeCacheOf(Resolver& /*previous*/) override {}
};

struct Frame {
  websocket::Opcode opcode;
  std::string payload;
  bool operator==(const Frame&) const = default;
};

inline void PrintTo(const Frame& frame, std::ostream* out) {
  *out << "opcode " << static_cast<int>(frame.opcode) << ", " << frame.payload.size() << " bytes";
  if (frame.payload.size() < 150) *out << ": " << ::testing::PrintToString(frame.payload);
}

/// The frames that a server has sent. A part of a frame at the end is left out.
inline std::vector<Frame> FramesIn(std::string_view wire) {
  std::vector<Frame> frames;
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(wire[i]); };
  while (wire.size() >= 2) {
    EXPECT_EQ(byte(0) & 0xf0, 0x80) << "every frame is final and has no reserved bits";
    EXPECT_EQ(byte(1) & 0x80, 0) << "a server does not mask";
    const size_t length_size = byte(1) < 126 ? 0 : byte(1) == 126 ? 2 : 8;
    uint64_t length = byte(1) & 0x7f;
    if (wire.size() < 2 + length_size) break;
    if (length_size != 0) length = 0;
    for (size_t i = 0; i < length_size; ++i) length = length << 8 | byte(2 + i);
    if (wire.size() - 2 - length_size < length) break;
    frames.push_back({static_cast<websocket::Opcode>(byte(0) & 0x0f),
                      std::string(wire.substr(2 + length_size, length))});
    wire.remove_prefix(2 + length_size + length);
  }
  return frames;
}

/// The payload of a Close frame.
inline std::string CloseBody(uint16_t code, std::string_view reason) {
  return websocket::testing::BigEndian(code, 2).append(reason);
}

/// Bytes that tell their place, so that one lost or doubled is found.
inline std::string Pattern(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 31) ^ (i >> 8));
  return bytes;
}

inline constexpr std::string_view kHead = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

inline config::Config OneRoute() {
  config::Config config;
  config.listeners.push_back({{config::Endpoint::Kind::kTcp, "127.0.0.1", 0}});
  config.backends.push_back({"b", {{{config::Endpoint::Kind::kTcp, "127.0.0.1", 9}}}});
  config::Route route;
  route.name = "r";
  route.match.path.is_prefix = true;
  route.backend = 0;
  route.options.keepalive.ping_interval = base::Duration(0);  // Tests that want pings say so.
  config.routes.push_back(route);
  return config;
}

/// For what outlives whoever is given it.
inline std::shared_ptr<const config::Config> Unowned(const config::Config& config) {
  return {std::shared_ptr<const config::Config>(), &config};
}

class Harness {
 public:
  explicit Harness(config::Config configuration = OneRoute(), size_t fail_at = SIZE_MAX)
      : config(std::move(configuration)) {
    faults.fail_at = fail_at;
    context.generation = generation;
  }

  config::SessionOptions& options() { return config.routes[0].options; }

  /// A session on the two fakes, as a request would hand it over.
  void Start(base::Bytes early = {}, std::optional<base::Cause> cause = std::nullopt,
             bool has_backend = true) {
    Session::Peers peers;
    peers.server = {std::shared_ptr<const config::Endpoint>(),
                    &config.backends[0].servers[0].address};
    peers.id = context.ids.Next();
    peers.is_raw = is_raw;
    peers.has_half_close = has_half_close;
    metrics.listeners[0].connections_active.Add();
    session = &context.sessions.Add(std::make_unique<Session>(
        context, context.generation, peers, client.Connect(),
        has_backend ? backend.Connect() : nullptr,
        is_raw ? nullptr : MessageRelay::New(context.zlib, options(), agreement)));
    session->Start(is_raw ? std::string_view() : kHead, early, cause);
  }
  void Fail(base::Cause cause, base::Bytes early = {}) { Start(early, cause, false); }

  /// Lets the session do all that it can do without time passing.
  void Settle() {
    for (int i = 0; i < 3; ++i) {
      while (client.Poke() || backend.Poke()) {
      }
      net::testing::RunTurns(loop, 2);
    }
  }
  bool RunUntil(const std::function<bool()>& done) { return net::testing::RunUntil(loop, done); }
  bool RunUntilEnded() {
    return RunUntil([this] { return ended(); });
  }

  bool ended() const { return context.sessions.empty(); }
  /// What came behind the 101.
  std::vector<Frame> ClientFrames() const {
    EXPECT_TRUE(client.written().starts_with(kHead));
    return FramesIn(std::string_view(client.written()).substr(kHead.size()));
  }
  /// The payload of all messages to the client.
  std::string ToClient() const {
    std::string payload;
    for (const auto& frame : ClientFrames()) {
      if (frame.opcode == websocket::Opcode::kBinary) payload += frame.payload;
    }
    return payload;
  }
  metrics::RouteMetrics& route() { return metrics.routes[0]; }
  metrics::DirectionMetrics& to_backend() { return route().in(metrics::Direction::kToBackend); }
  metrics::DirectionMetrics& to_client() { return route().in(metrics::Direction::kToClient); }

  /// What holds for every session that has ended, whatever its cause.
  void ExpectOver() {
    ASSERT_TRUE(ended());
    EXPECT_FALSE(client.is_open());
    EXPECT_FALSE(backend.is_open());
    EXPECT_EQ(route().sessions_active.Value(), 0u);
    EXPECT_EQ(to_backend().queued.Value(), 0u);
    EXPECT_EQ(to_client().queued.Value(), 0u);
    EXPECT_EQ(metrics.listeners[0].connections_active.Value(), 0u);
    uint64_t closed = 0;
    for (const auto& count : route().sessions_closed) closed += count.Value();
    EXPECT_EQ(closed, route().sessions_opened.Value());
    ASSERT_EQ(log.lines.size(), 1u);
    EXPECT_EQ(log.lines[0].event, "session");
  }
  /// The same, and how it ended: `code` is `-` where none was sent.
  void ExpectOver(base::Cause cause, std::string_view code) {
    ExpectOver();
    EXPECT_EQ(route().sessions_closed[static_cast<size_t>(cause)].Value(), 1u);
    ASSERT_EQ(log.lines.size(), 1u);
    const auto& info = base::InfoOf(cause);
    EXPECT_EQ(log.lines[0]["reason"], info.reason);
    EXPECT_EQ(log.lines[0]["fault"], base::ToString(info.fault));
    EXPECT_EQ(log.lines[0]["code"], code);
    EXPECT_EQ(log.lines[0].level, info.level);
  }

  config::Config config;
  Admission admission;
  MemoryBudget memory{0};
  net::EventLoop loop;
  RecordingLog log;
  FaultPlan faults;
  std::optional<websocket::DeflateAgreement> agreement;  ///< set before Start
  bool is_raw = false;                                   ///< the client speaks plain TCP; likewise
  bool has_half_close = false;                           ///< as agreed with the client; likewise
  FakePeer client{&faults};
  FakePeer backend{&faults};
  std::shared_ptr<Generation> generation = std::make_shared<Generation>(
      Unowned(config), std::make_shared<NoResolver>(), metrics::WorkerMetrics(1, 1, 1),
      admission.RoutesOf(config), std::make_shared<routing::Pools>(config, nullptr, 1));
  metrics::WorkerMetrics& metrics = generation->metrics;
  WorkerContext context{loop, admission, memory, "<page>", log, 1};
  Session* session = nullptr;
};

}  // namespace sluice::relay::testing
