#include "load/client.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>

#include "load/handshake.h"

namespace sluice::bench {
namespace {

constexpr uint64_t kUnlimited = UINT64_MAX;
constexpr size_t kMaxResponseHead = 16384;
constexpr uint8_t kNormalClosure[] = {1000 >> 8, 1000 & 0xff};

}  // namespace

Client::Client(Loop& loop, const Work& work, ClientTotals& totals, ClientOwner& owner,
               std::mt19937_64& random, size_t index)
    : loop_(loop),
      work_(work),
      kind_(work.KindOf(index)),
      traffic_(work.TrafficOf(kind_)),
      totals_(totals),
      owner_(owner),
      random_(random),
      index_(index) {}

void Client::Connect() {
  start_time_ = progress_time_ = NowNs();
  const int fd = StartConnect(work_.request.endpoint, work_.request.socket_buffer);
  if (fd < 0) return Fail(std::string("connect: ") + std::strerror(errno));
  transport_ = std::make_unique<Transport>(fd);
  interest_ = EPOLLOUT;
  loop_.Add(fd, interest_, *this);
  if (is_mixed() && kind_ == WorkKind::kPing) loop_.MakePrompt(fd, interest_, *this);
}

void Client::Go() {
  progress_time_ = loop_.turn_time();
  expects_ = kind_ != WorkKind::kToBackend;
  switch (kind_) {
    case WorkKind::kToClient:
      return;
    case WorkKind::kToBackend:
      credit_ = kUnlimited;
      break;
    case WorkKind::kConnect:
    case WorkKind::kIdle:
      credit_ = traffic_.wire_message;
      break;
    case WorkKind::kEcho:
    case WorkKind::kPing:
      credit_ = work_.request.pipeline * traffic_.wire_message;
      break;
    case WorkKind::kMixed:
      return;  // Of the run, not of a session.
  }
  sent_time_ = NowNs();
  Flush();
}

bool Client::SendNext() {
  if (state_ != State::kOpen || expects_) return false;
  progress_time_ = loop_.turn_time();
  expects_ = true;
  credit_ += traffic_.wire_message;
  sent_time_ = NowNs();
  Flush();
  return true;
}

void Client::CheckStall() {
  if (expects_ && loop_.turn_time() - progress_time_ > kStallNs) Fail("nothing arrived for 10 s");
}

void Client::Abandon() {
  state_ = State::kGone;
  if (transport_) transport_->ResetOnClose();
}

void Client::OnReady(uint32_t events) {
  if (state_ == State::kGone) return;
  if (state_ == State::kConnecting) {
    if (const std::string error = transport_->ConnectError(); !error.empty()) {
      return Fail("connect: " + error);
    }
    if (!work_.request.tls) return OnConnected();
    transport_->UseTls();
    state_ = State::kSecuring;
  }
  if (state_ == State::kSecuring) return Secure();
  if ((events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) Receive();
  if ((events & EPOLLOUT) != 0 && state_ != State::kGone) Flush();
}

void Client::Secure() {
  const auto io = transport_->Handshake();
  if (!io.error.empty()) return Fail(io.error);
  if (io.ended) {
    OnConnected();
    if (state_ != State::kGone && transport_->HasBuffered()) Receive();
    return;
  }
  SetInterest(transport_->HasUnsent() ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

void Client::OnConnected() {
  progress_time_ = loop_.turn_time();
  if (!work_.request.websocket) {
    Flush();
    return OnOpen();
  }
  state_ = State::kUpgrading;
  key_ = MakeKey(random_);
  const std::string request =
      UpgradeRequest(work_.request.host, work_.request.path, key_, work_.request.subprotocol);
  urgent_.assign(request.begin(), request.end());
  Flush();
}

void Client::OnOpen() {
  state_ = State::kOpen;
  expects_ = false;
  if (is_mixed()) AnnounceKind();
  if (state_ != State::kGone) owner_.OnOpen(*this);
}

void Client::AnnounceKind() {
  const uint8_t kind[] = {static_cast<uint8_t>(kind_)};
  if (work_.request.websocket) {
    AppendClientFrame(urgent_, Opcode::kBinary, kind, static_cast<uint32_t>(random_()));
  } else {
    urgent_.assign(std::begin(kind), std::end(kind));
  }
  Flush();
}

void Client::Receive() {
  do {
    const auto io = transport_->Receive(loop_.scratch());
    if (!io.error.empty()) return Fail("receive: " + io.error);
    if (io.ended) return OnEnd();
    if (io.count == 0) return;
    OnReceived({loop_.scratch().data(), io.count});
  } while (state_ != State::kGone && transport_->HasBuffered());
}

void Client::OnReceived(std::span<const uint8_t> bytes) {
  progress_time_ = loop_.turn_time();
  if (state_ == State::kUpgrading) {
    bytes = TakeResponse(bytes);
    if (bytes.empty()) return;
  }
  if (work_.request.websocket) return TakeFrames(bytes);
  TakePayload(bytes);
  if (state_ == State::kOpen) TakeMessages();
}

/// Returns what came behind the head.
std::span<const uint8_t> Client::TakeResponse(std::span<const uint8_t> bytes) {
  const size_t before = response_.size();
  response_.append(reinterpret_cast<const char*>(bytes.data()),
                   std::min(bytes.size(), kMaxResponseHead));
  const size_t end = response_.find("\r\n\r\n");
  if (end == std::string::npos) {
    if (response_.size() > kMaxResponseHead) Fail("the response has no end");
    return {};
  }
  response_.resize(end + 2);
  const std::string error = CheckUpgradeResponse(response_, key_, work_.request.subprotocol);
  if (!error.empty()) {
    Fail(error);
    return {};
  }
  response_ = {};
  OnOpen();
  return bytes.subspan(end + 4 - before);
}

void Client::TakeFrames(std::span<const uint8_t> bytes) {
  while (state_ != State::kGone) {
    const auto item = reader_.Next(bytes);
    switch (item.kind) {
      case ServerFrameReader::Kind::kPayload:
        if (close_received_) return Fail("data behind the server's Close");
        TakePayload(item.bytes);
        break;
      case ServerFrameReader::Kind::kControl:
        TakeControl(item.opcode, item.bytes);
        break;
      case ServerFrameReader::Kind::kError:
        return Fail(item.error);
      case ServerFrameReader::Kind::kNeedMore:
        if (state_ == State::kOpen) TakeMessages();
        return;
    }
  }
}

void Client::TakePayload(std::span<const uint8_t> bytes) {
  if (bytes.empty()) return;
  if (kind_ == WorkKind::kToBackend) return Fail("bytes that were never sent");
  const Ring& expected = is_stream() ? work_.stream : traffic_.payload;
  if (!expected.Matches(receive_position_, bytes)) {
    received_ += expected.CountMatching(receive_position_, bytes);
    return Fail("a wrong byte");
  }
  receive_position_ = expected.Advance(receive_position_, bytes.size());
  if (received_ == 0) owner_.OnFlowing();
  received_ += bytes.size();
  received_in_message_ += bytes.size();
  totals_.verified_bytes += bytes.size();
}

/// Counts the messages that have come back whole, and sends as many.
void Client::TakeMessages() {
  if (is_stream() || received_in_message_ < traffic_.message) return;
  const size_t messages = received_in_message_ / traffic_.message;
  received_in_message_ %= traffic_.message;
  totals_.messages += messages;
  switch (kind_) {
    case WorkKind::kConnect:
      return StartClose();
    case WorkKind::kIdle:
      expects_ = false;
      return owner_.OnFinished(*this);
    case WorkKind::kPing: {
      const int64_t now = NowNs();
      totals_.latency.Add(static_cast<uint64_t>(now - sent_time_));
      sent_time_ = now;
      if (work_.request.rate == 0) break;
      expects_ = false;
      return;  // The run says when to send the next one.
    }
    default:
      break;
  }
  credit_ += messages * traffic_.wire_message;
  Flush();
}

void Client::TakeControl(Opcode opcode, std::span<const uint8_t> payload) {
  switch (opcode) {
    case Opcode::kPing:
      ++totals_.pings;
      AppendClientFrame(urgent_, Opcode::kPong, payload, static_cast<uint32_t>(random_()));
      return Flush();
    case Opcode::kClose: {
      const int code = payload.size() < 2 ? 1005 : payload[0] << 8 | payload[1];
      if (state_ != State::kClosing || code != 1000) {
        return Fail("a Close with code " + std::to_string(code) + " from the gateway");
      }
      close_received_ = true;
      return;
    }
    default:
      return;
  }
}

void Client::OnEnd() {
  if (state_ != State::kClosing) return Fail("an early end");
  if (work_.request.websocket && !close_received_) return Fail("an end without a Close");
  owner_.OnFinished(*this);
}

void Client::StartClose() {
  state_ = State::kClosing;
  if (!work_.request.websocket) return transport_->ShutDownSend();
  AppendClientFrame(urgent_, Opcode::kClose, kNormalClosure, static_cast<uint32_t>(random_()));
  Flush();
}

/// One step of sending. A control frame waits for the end of the message that is under way.
void Client::Flush() {
  bool going = !transport_->HasUnsent() || SendUnsent();
  if (going && !urgent_.empty()) {
    if (sent_in_message_ > 0) {
      going = SendTraffic(traffic_.wire_message - sent_in_message_);
    }
    if (going && sent_in_message_ == 0) going = SendUrgent();
  }
  if (going && urgent_.empty() && credit_ > 0) SendTraffic(kSendChunk);
  if (state_ == State::kGone) return;
  const bool more = credit_ > 0 || !urgent_.empty() || transport_->HasUnsent();
  SetInterest(more ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/// These three say whether the socket took it all.
bool Client::SendUnsent() {
  Send({});
  return !transport_->HasUnsent();
}

bool Client::SendUrgent() {
  const size_t sent = Send({iovec{urgent_.data(), urgent_.size()}, iovec{}});
  urgent_.erase(urgent_.begin(), urgent_.begin() + static_cast<ptrdiff_t>(sent));
  return urgent_.empty();
}

bool Client::SendTraffic(size_t most) {
  const Ring& wire = traffic_.wire;
  const auto count = static_cast<size_t>(std::min<uint64_t>({most, credit_, wire.size()}));
  const size_t sent = Send(wire.Slice(send_position_, count));
  send_position_ = wire.Advance(send_position_, sent);
  sent_in_message_ = (sent_in_message_ + sent) % traffic_.wire_message;
  if (credit_ != kUnlimited) credit_ -= sent;
  return sent == count;
}

/// How much was taken: nothing, when the session is broken.
size_t Client::Send(const std::array<iovec, 2>& parts) {
  const auto io = transport_->Send(parts);
  if (!io.error.empty()) Fail("send: " + io.error);
  return io.count;
}

void Client::SetInterest(uint32_t interest) {
  if (interest == interest_) return;
  interest_ = interest;
  loop_.Modify(transport_->fd(), interest, *this);
}

void Client::Fail(const std::string& what) {
  if (state_ == State::kGone) return;
  state_ = State::kGone;
  owner_.OnClientFailed(*this, "session " + std::to_string(index_) + ": " + what + ", after " +
                                   std::to_string(received_) + " bytes received");
}

}  // namespace sluice::bench
