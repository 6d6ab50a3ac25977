#include "connection.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sluice/base/text.h"

namespace sluice::admin {
namespace {

using IoStatus = net::IoResult::Status;

constexpr http::HeadLimits kHeadLimits{
    .request_line = 8 * 1024, .header = 16 * 1024, .header_count = 100};
// The responder checks the method. The health checks of some load balancers use HTTP/1.0.
constexpr http::HeadRules kHeadRules{.any_method = true, .http_1_0 = true};
constexpr size_t kMaxBodyBytes = 4 * 1024;
constexpr base::Duration kReplyTimeout{30'000};
// The time for the client to close after the reply.
constexpr base::Duration kLingerTimeout{1'000};
constexpr size_t kReadSize = 4 * 1024;
// The bytes to read and drop at most while the client reads the reply, so that no reset overtakes
// it.
constexpr size_t kMaxIgnoredBytes = 64 * 1024;

http::Response PlainText(uint16_t status, std::string text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

}  // namespace

Connection::Connection(net::EventLoop& loop, std::unique_ptr<net::Stream> client,
                       const net::Address& address, base::Duration request_timeout,
                       base::Duration answer_timeout, Responder& responder)
    : client_(std::move(client)),
      address_(address),
      answer_timeout_(answer_timeout),
      responder_(responder),
      timer_(loop, *this),
      parser_(kHeadLimits, kHeadRules) {
  WaitAtMost(request_timeout);
}

Connection::~Connection() = default;

void Connection::Start() {
  client_->SetHandler(this);
  if (client_->readable()) Read();
}

void Connection::Abort() {
  if (state_ == State::kDone) return;
  state_ = State::kDone;
  answer_.reset();
  timer_.Stop();
  client_.reset();
  responder_.Release(*this);
}

void Connection::OnStreamReady() {
  if (is_reading()) {
    Read();
  } else if (state_ == State::kAwaitingAnswer) {
    if (client_->IsReset()) Abort();
  } else if (state_ == State::kReplying) {
    ContinueReply();
  } else if (state_ == State::kLingering) {
    Linger();
  }
}

void Connection::WaitAtMost(base::Duration limit) {
  waits_since_ = net::EventLoop::Now();
  timer_.Start(limit);
}

void Connection::OnTimer() {
  if (is_reading() && has_begun_) {
    Refuse({base::Cause::kHandshakeTimeout, "the request was not complete in time"});
  } else if (state_ == State::kAwaitingAnswer) {
    SendResponse(PlainText(503, "there was no answer in time\n"));
  } else {
    Abort();
  }
}

void Connection::Read() {
  std::array<uint8_t, kReadSize> buffer;
  while (is_reading() && client_->readable()) {
    const net::IoResult got = client_->Read(buffer);
    if (got.status == IoStatus::kWouldBlock) return;
    if (got.status != IoStatus::kOk) {
      Abort();
      return;
    }
    Consume(base::Bytes(buffer).first(got.bytes));
  }
}

void Connection::Consume(base::Bytes bytes) {
  has_begun_ = true;
  if (state_ == State::kReadingBody) {
    ConsumeBody(bytes);
    return;
  }
  const auto used = parser_.Feed(bytes);
  if (!used) {
    Refuse(used.error());
  } else if (parser_.done()) {
    StartBody(bytes.subspan(*used));
  }
}

/// Reads the body after a complete head. `rest` are the bytes after the head.
void Connection::StartBody(base::Bytes rest) {
  const http::RequestHead& head = parser_.head();
  if (head.Count("Transfer-Encoding") != 0) {
    SendResponse(PlainText(411, "send the body with a Content-Length\n"));
    return;
  }
  if (const auto length = head.Find("Content-Length")) {
    const auto size = base::ParseNumber(*length, kMaxBodyBytes);
    if (!size) {
      SendResponse(
          PlainText(413, "the body is larger than " + std::to_string(kMaxBodyBytes) + " bytes\n"));
      return;
    }
    body_size_ = static_cast<size_t>(*size);
  }
  state_ = State::kReadingBody;
  const auto expect = head.Find("Expect");
  const bool is_awaited = rest.size() < body_size_;
  if (is_awaited && expect && base::EqualsIgnoringCase(*expect, "100-continue")) {
    reply_.Append(base::AsBytes("HTTP/1.1 100 Continue\r\n\r\n"));
    (void)reply_.WriteTo(*client_);  // Bytes that remain are sent with the response.
  }
  ConsumeBody(rest);
}

void Connection::ConsumeBody(base::Bytes bytes) {
  const auto text = base::AsText(bytes);
  body_ += text.substr(0, body_size_ - body_.size());
  if (body_.size() == body_size_) AwaitAnswer();
}

void Connection::AwaitAnswer() {
  state_ = State::kAwaitingAnswer;
  WaitAtMost(answer_timeout_);
  auto answer = responder_.Respond(*this, body_);
  if (state_ == State::kAwaitingAnswer) answer_ = std::move(answer);
}

void Connection::Reply(http::Response response) {
  if (state_ != State::kAwaitingAnswer) return;
  response.headers.push_back({"Cache-Control", "no-store"});
  response.headers.push_back({"X-Content-Type-Options", "nosniff"});
  SendResponse(response);
}

void Connection::Refuse(const http::Refusal& refusal) {
  Send(http::RefusalResponse(refusal, parser_.AllowedContent()));
}

void Connection::SendResponse(const http::Response& response) {
  Send(http::ResponseText(response, parser_.AllowedContent()));
}

void Connection::Send(std::string_view response) {
  state_ = State::kReplying;
  answer_.reset();
  reply_.Append(base::AsBytes(response));
  WaitAtMost(kReplyTimeout);
  ContinueReply();
}

void Connection::ContinueReply() {
  if (!reply_.empty() && !client_->writable()) return;
  const net::IoResult sent = reply_.WriteTo(*client_);
  if (sent.status == IoStatus::kWouldBlock) return;
  if (sent.status == IoStatus::kError) {
    Abort();
    return;
  }
  client_->ShutdownWrite();
  state_ = State::kLingering;
  WaitAtMost(kLingerTimeout);
  Linger();
}

/// Reads and drops the client's bytes until it closes. Unread bytes would make the kernel send a
/// reset, which may overtake the reply.
void Connection::Linger() {
  std::array<uint8_t, kReadSize> buffer;
  for (size_t ignored = 0; ignored < kMaxIgnoredBytes && client_->readable();) {
    const net::IoResult got = client_->Read(buffer);
    if (got.status == IoStatus::kWouldBlock) return;
    if (got.status != IoStatus::kOk) {
      Abort();
      return;
    }
    ignored += got.bytes;
  }
  if (client_->readable()) Abort();
}

}  // namespace sluice::admin
