// One connection to the admin listener: reads a request with its body, waits for the answer, sends
// it, and closes.
//
//   kReadingHead ──► kReadingBody ──► kAwaitingAnswer ──► kReplying ──► kLingering ──► kDone
//        └─────────────────┴──(refused)────────┴──(too late)──►▲
//
// Each wait has a time limit: one for the complete request, one for the answer, one for sending it,
// and one for the client to close after that. A client that leaves while the answer is due is
// noticed when the answer is sent, or by a reset. The end of the connection withdraws the request
// (Responder::Respond).
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sluice/admin/admin_server.h"
#include "sluice/base/clock.h"
#include "sluice/http/request_parser.h"
#include "sluice/http/response.h"
#include "sluice/net/address.h"
#include "sluice/net/byte_queue.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/stream.h"

namespace sluice::admin {

class Connection final : private net::StreamHandler, private net::TimerHandler {
 public:
  Connection(net::EventLoop& loop, std::unique_ptr<net::Stream> client, const net::Address& address,
             base::Duration request_timeout, base::Duration answer_timeout, Responder& responder);
  ~Connection();

  /// Starts to read the request. To be called when the owner has the connection in its table.
  void Start();
  /// Answers the request. No effect unless the connection waits for the answer.
  void Reply(http::Response response);

  /// The head of the request, when it is complete.
  const http::RequestHead& head() { return parser_.head(); }
  const net::Address& address() const { return address_; }
  bool is_awaiting_answer() const { return state_ == State::kAwaitingAnswer; }
  /// Returns true if the reply has been sent.
  bool is_lingering() const { return state_ == State::kLingering; }
  /// Returns the time at which the current wait began: for the request, for the answer, for the
  /// client to read it, or for the client to close.
  base::TimePoint waits_since() const { return waits_since_; }
  /// Ends the connection at once.
  void Abort();

 private:
  enum class State : uint8_t {
    kReadingHead,
    kReadingBody,
    kAwaitingAnswer,
    kReplying,
    kLingering,
    kDone,
  };

  void OnStreamReady() override;
  void OnTimer() override;
  /// Returns true until the request is complete or refused.
  bool is_reading() const { return state_ < State::kAwaitingAnswer; }
  void WaitAtMost(base::Duration limit);
  void Read();
  void Consume(base::Bytes bytes);
  void StartBody(base::Bytes rest);
  void ConsumeBody(base::Bytes bytes);
  void AwaitAnswer();
  void Refuse(const http::Refusal& refusal);
  void SendResponse(const http::Response& response);
  void Send(std::string_view response);
  void ContinueReply();
  void Linger();

  std::unique_ptr<net::Stream> client_;
  const net::Address address_;
  const base::Duration answer_timeout_;
  Responder& responder_;
  State state_ = State::kReadingHead;
  net::Timer timer_;
  base::TimePoint waits_since_;
  http::RequestParser parser_;
  size_t body_size_ = 0;
  std::string body_;
  std::shared_ptr<const void> answer_;  // Null: none is due. Destroying it withdraws the request.
  net::ByteQueue reply_;
  bool has_begun_ = false;  // A byte of the request has arrived.
};

}  // namespace sluice::admin
