// HTTP/1.1 on a connection: reads a request's head, passes it to a Request, and writes the
// response. After the response to a request without an upgrade, the connection is kept alive (RFC
// 9112 section 9.3).
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/http/request_parser.h"
#include "sluice/intake/connection.h"
#include "sluice/intake/protocol.h"
#include "sluice/intake/request.h"
#include "sluice/intake/responder.h"
#include "sluice/net/byte_queue.h"
#include "sluice/net/event_loop.h"

#include "intake/http1_state.h"

namespace sluice::intake {

class Http1 final : public Protocol, private Responder, private net::TimerHandler {
 public:
  /// `connection` outlives this. With `refuses_plain_text`, the request is refused, because the
  /// client speaks plain text on a listener that requires TLS.
  Http1(Connection& connection, bool refuses_plain_text);

  void Start(base::Bytes received) override;
  void RefuseEarly(const http::Refusal& refusal, base::Bytes received) override;
  void OnStreamReady() override;
  void Drain() override;
  void EndKeepAlive() override;
  void Stop() override;

 private:
  // Responder.
  const net::Stream& stream() const override { return connection_.stream(); }
  void Refuse(const http::Refusal& refusal) override;
  void Serve(const http::Page& page, std::string_view content) override;
  void StartSession(session::Session::Parts parts, Agreement agreement,
                    std::optional<base::Cause> cause) override;
  void WatchClient() override;
  void Drop() override;

  void OnTimer() override;

  void ReadHead();
  void ParseHead(base::Bytes bytes);
  void RefuseHead(const http::Refusal& refusal);
  void StartRequest();
  bool IsIdle() const { return requests_ != 0 && !head_begun_; }

  bool MayKeepAlive();
  void Reply(std::string head, std::string_view content = {});
  void ContinueReply();
  bool WriteSome();
  void RestartReplyTimer();
  void StartNextRequest();
  void Linger();

  Connection& connection_;
  const bool refuses_plain_text_;
  Http1State state_ = Http1State::kReadingHead;
  net::Timer timer_;

  std::optional<http::RequestParser> parser_;
  bool head_begun_ = false;           // More than empty lines has been received.
  std::vector<uint8_t> early_;        // The bytes that were received after the head.
  size_t requests_ = 0;               // The number of requests so far.
  std::unique_ptr<Request> request_;  // Null before the first request.

  net::ByteQueue reply_;           // The head of the response, and a short content.
  std::string_view content_;       // The rest of a page.
  bool keeps_alive_ = false;       // The connection is kept alive after this response.
  bool has_client_ended_ = false;  // The end of the client's direction has been read.
  base::TimePoint reply_ends_;     // The time limit for the complete response.
};

}  // namespace sluice::intake
