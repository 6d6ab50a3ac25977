// A session between two fake legs, with what a worker lends to it: a real loop, buffers, metrics, a
// configuration made in code, and a log that is kept.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/leg/message_codec.h"
#include "sluice/leg/raw_leg.h"
#include "sluice/leg/websocket_leg.h"
#include "sluice/session/session.h"
#include "sluice/websocket/frame.h"

#include "base/recording_log.h"
#include "leg/fake_stream.h"
#include "leg/server_frames.h"
#include "net/run_loop.h"
#include "websocket/client_frames.h"

namespace sluice::session::testing {

using base::testing::RecordingLog;
using leg::testing::CloseBody;
using leg::testing::FakePeer;
using leg::testing::FaultPlan;
using leg::testing::Frame;
using leg::testing::FramesIn;
using leg::testing::Pattern;
using leg::testing::ServerFrame;
using workspace::kQueueMark;

inline constexpr std::string_view kHead = "HTTP/1.1 101 Switching Protocols\r\n\r\n";

inline Frame CloseFrame(uint16_t code, std::string_view reason) {
  return {websocket::Opcode::kClose, CloseBody(code, reason)};
}

inline settings::Config OneRoute() {
  settings::Config config;
  config.listeners.push_back({{settings::Endpoint::Kind::kTcp, "127.0.0.1", 0}});
  config.backends.push_back({"b", {{{settings::Endpoint::Kind::kTcp, "127.0.0.1", 9}}}});
  settings::Route route;
  route.name = "r";
  route.match.path.is_prefix = true;
  route.backend = 0;
  route.options.keepalive.ping_interval = base::Duration(0);  // Tests that want pings say so.
  config.routes.push_back(route);
  return config;
}

/// For what outlives whoever is given it.
inline std::shared_ptr<const settings::Config> Unowned(const settings::Config& config) {
  return {std::shared_ptr<const settings::Config>(), &config};
}

class Harness : private SessionOwner {
 public:
  virtual ~Harness() = default;
  explicit Harness(settings::Config configuration = OneRoute(), size_t fail_at = SIZE_MAX)
      : config(std::move(configuration)) {
    faults.fail_at = fail_at;
  }

  settings::SessionOptions& options() { return config.routes[0].options; }

  /// Starts a session on the two fakes, as a request does.
  void Start(base::Bytes early = {}, std::optional<base::Cause> cause = std::nullopt,
             bool has_backend = true) {
    Session::Parts parts;
    parts.route = std::make_shared<RouteInUse>(
        RouteInUse{config.routes[0], metrics.routes[0], quota.RouteCountsOf(config)[0]});
    parts.peers = {.client = {},
                   .has_half_close = has_half_close,
                   .listener = &metrics.listeners[0],
                   .server = {std::shared_ptr<const settings::Endpoint>(),
                              &config.backends[0].servers[0].address},
                   .id = workspace.ids.Next()};
    parts.legs.client = ClientLeg(early);
    if (has_backend) parts.legs.backend = BackendLeg();
    metrics.listeners[0].connections_active.Add();
    owned_ =
        std::make_unique<Session>(workspace, static_cast<SessionOwner&>(*this), std::move(parts));
    session = owned_.get();
    if (websocket_client_ != nullptr) websocket_client_->SendHead(kHead);
    session->Start(cause);
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

  bool ended() const { return owned_ == nullptr; }
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

  /// The two legs of a session, to `client` and to `backend`. Each can be created once.
  std::unique_ptr<leg::Leg> ClientLeg(base::Bytes early = {}) {
    if (is_raw) {
      return std::make_unique<leg::RawLeg>(workspace, client.Connect(),
                                           options().keepalive.backend_timeout, early);
    }
    auto leg = std::make_unique<leg::WebSocketLeg>(
        workspace, client.Connect(),
        leg::WebSocketLeg::Setup{
            .peer = leg::Peer::kClient,
            .options = options(),
            .codec = leg::MessageCodec::New(workspace.zlib, options(), agreement),
            .has_half_close = has_half_close,
            .metrics = &metrics.routes[0]},
        early);
    websocket_client_ = leg.get();
    return leg;
  }

  std::unique_ptr<leg::Leg> BackendLeg() {
    if (is_websocket_backend) {
      return std::make_unique<leg::WebSocketLeg>(
          workspace, backend.Connect(),
          leg::WebSocketLeg::Setup{
              .peer = leg::Peer::kServer,
              .options = options(),
              .codec = leg::MessageCodec::New(workspace.zlib, options(), std::nullopt),
              .has_half_close = backend_has_half_close});
    }
    return std::make_unique<leg::RawLeg>(workspace, backend.Connect(),
                                         options().keepalive.backend_timeout);
  }

  settings::Config config;
  auth::SessionQuota quota;
  workspace::MemoryBudget memory{0};
  net::EventLoop loop;
  RecordingLog log;
  leg::testing::FaultPlan faults;
  std::optional<websocket::DeflateAgreement> agreement;  ///< set before Start
  bool is_raw = false;                  ///< the client speaks plain TCP; set before Start
  bool has_half_close = false;          ///< as agreed with the client; set before Start
  bool is_websocket_backend = false;    ///< set before Start
  bool backend_has_half_close = false;  ///< as agreed with that server; set before Start
  leg::testing::FakePeer client{&faults};
  leg::testing::FakePeer backend{&faults};
  metrics::WorkerMetrics metrics{1, 1, 1};
  workspace::Workspace workspace{loop, memory, log, 1};
  Session* session = nullptr;

 private:
  void Release(Session& /*session*/) override { loop.DestroyLater(std::move(owned_)); }

  leg::WebSocketLeg* websocket_client_ = nullptr;
  std::unique_ptr<Session> owned_;
};

}  // namespace sluice::session::testing
