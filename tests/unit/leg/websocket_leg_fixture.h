// A WebSocket leg to a server, which the test plays.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "sluice/leg/websocket_leg.h"

#include "base/recording_log.h"
#include "leg/fake_stream.h"
#include "leg/server_frames.h"
#include "leg/understood.h"
#include "net/run_loop.h"

namespace sluice::leg::testing {

class WebSocketLegTest : public ::testing::Test {
 protected:
  WebSocketLegTest() { options.keepalive.ping_interval = base::Duration(0); }

  void Open(std::string_view received = {}, bool has_half_close = false) {
    leg = NewLeg(peer, received, has_half_close);
  }
  std::unique_ptr<WebSocketLeg> NewLeg(FakePeer& server, std::string_view received = {},
                                       bool has_half_close = false) {
    return std::make_unique<WebSocketLeg>(
        workspace, server.Connect(),
        WebSocketLeg::Setup{.peer = Peer::kServer,
                            .options = options,
                            .codec = MessageCodec::New(workspace.zlib, options, agreement),
                            .has_half_close = has_half_close},
        base::AsBytes(received));
  }

  /// Reads all that there is, in pieces of `piece` bytes at most, and sends what that asks for.
  std::string ReadAll(size_t piece = 4096) {
    std::string all;
    while (leg->stream().readable()) {
      last = leg->Read(piece);
      all += base::AsText(last.payload);
      if (last.status != Input::Status::kOk) break;
    }
    leg->Flush();
    return all;
  }

  Output Send(std::string_view bytes) {
    std::string buffer(kHeaderRoom, '?');
    buffer += bytes;
    return leg->Send({reinterpret_cast<uint8_t*>(buffer.data()) + kHeaderRoom, bytes.size()});
  }
  void Close(uint16_t code = 1000, std::string_view reason = {}) {
    leg->EndMessages();
    leg->RequestClose(code, reason);
    leg->Flush();
  }

  settings::SessionOptions options;
  std::optional<websocket::DeflateAgreement> agreement;  ///< used by Open
  net::EventLoop loop;
  base::testing::RecordingLog log;
  workspace::MemoryBudget memory{0};
  workspace::Workspace workspace{loop, memory, log, 1};
  FakePeer peer;
  std::unique_ptr<WebSocketLeg> leg;
  Input last;
};

}  // namespace sluice::leg::testing
