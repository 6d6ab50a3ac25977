// One connection to the admin listener: reads a request with its body, has it answered, and closes.
//
//   kReadingHead ──► kReadingBody ──► kReplying ──► kLingering ──► closed
//        └─────────────────┴──────────────► (a refusal: kReplying)
//
// One time limit is for head and body together, however they trickle, one for sending the reply,
// and one for the client to close after that.
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
             base::Duration request_timeout, Responder& responder);
  ~Connection();

  /// Reads what has come. To be called once its owner has it.
  void Start();
  /// Returns true if the reply has been sent.
  bool is_lingering() const { return state_ == State::kLingering; }
  /// Returns the time since when the connection waits for the client: to send its request, to read
  /// the reply, or to close.
  base::TimePoint waits_since() const { return waits_since_; }
  /// Ends the connection at once.
  void Close();

 private:
  enum class State : uint8_t { kReadingHead, kReadingBody, kReplying, kLingering, kDone };

  void OnStreamReady() override;
  void OnTimer() override;
  /// Returns true until the request is complete or refused.
  bool is_reading() const { return state_ < State::kReplying; }
  void WaitAtMost(base::Duration limit);
  void Read();
  void Consume(base::Bytes bytes);
  void StartBody(base::Bytes rest);
  void ConsumeBody(base::Bytes bytes);
  void Refuse(const http::Refusal& refusal);
  void Reply(const http::Response& response);
  void Send(std::string_view response);
  void ContinueReply();
  void Linger();

  std::unique_ptr<net::Stream> client_;
  const net::Address address_;
  Responder& responder_;
  State state_ = State::kReadingHead;
  net::Timer timer_;
  base::TimePoint waits_since_;
  http::RequestParser parser_;
  size_t body_size_ = 0;
  std::string body_;
  net::ByteQueue reply_;
  bool has_begun_ = false;  // A byte of the request has come.
};

}  // namespace sluice::admin
