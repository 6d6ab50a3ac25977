// One connection to the admin listener: reads a request with its body, has it answered, and closes.
//
//   kReadingHead ──► kReadingBody ──► kReplying ──► closed
//        └─────────────────┴──────────────► (a refusal: kReplying)
//
// One deadline is over head and body together, however they trickle, and one over the reply.
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
  /// Returns true until the request is complete or refused.
  bool is_reading() const { return state_ < State::kReplying; }
  /// Ends the connection at once.
  void Close();

 private:
  enum class State : uint8_t { kReadingHead, kReadingBody, kReplying, kDone };

  void OnStreamReady() override;
  void OnTimer() override;
  void Read();
  void Consume(base::Bytes bytes);
  void StartBody(base::Bytes rest);
  void ConsumeBody(base::Bytes bytes);
  void Refuse(const http::Refusal& refusal);
  void Reply(const http::Response& response);
  void Send(std::string_view response);
  void ContinueReply();

  std::unique_ptr<net::Stream> client_;
  const net::Address address_;
  Responder& responder_;
  State state_ = State::kReadingHead;
  net::Timer timer_;
  http::RequestParser parser_;
  size_t body_size_ = 0;
  std::string body_;
  net::ByteQueue reply_;
  bool has_begun_ = false;  // A byte of the request has come.
  bool is_sent_ = false;
};

}  // namespace sluice::admin
