// A connection of plain TCP (`protocol: tcp`): one request without a head. A refused client gets no
// answer; its connection is closed.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/intake/connection.h"
#include "sluice/intake/protocol.h"
#include "sluice/intake/request.h"
#include "sluice/intake/responder.h"

namespace sluice::intake {

class RawTcp final : public Protocol, private Responder {
 public:
  /// See Http1::Http1.
  RawTcp(Connection& connection, bool refuses_plain_text)
      : connection_(connection), refuses_plain_text_(refuses_plain_text) {}

  void Start(base::Bytes received) override;
  void RefuseEarly(const http::Refusal& /*refusal*/, base::Bytes /*received*/) override {
    connection_.Abort();
  }
  void OnStreamReady() override;
  void Drain() override;
  void EndKeepAlive() override {}
  void Stop() override;

 private:
  const net::Stream& stream() const override { return connection_.stream(); }
  void Refuse(const http::Refusal& /*refusal*/) override { connection_.Abort(); }
  void Serve(const http::Page& /*page*/, std::string_view /*content*/) override {
    connection_.Abort();
  }
  void StartSession(session::Session::Parts parts, Agreement agreement,
                    std::optional<base::Cause> cause) override;
  void WatchClient() override;
  void Drop() override { connection_.Abort(); }

  Connection& connection_;
  const bool refuses_plain_text_;
  std::vector<uint8_t> early_;        // The bytes that were received before the session.
  std::unique_ptr<Request> request_;  // Null before Start.
};

}  // namespace sluice::intake
