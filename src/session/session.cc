// What both directions of a session share: its start, the pump, and pausing.
#include "sluice/session/session.h"

#include <algorithm>
#include <utility>

#include "sluice/leg/message_codec.h"

#include "session/bandwidth.h"
#include "session/session_limits.h"

namespace sluice::session {
namespace {

// A client of plain TCP cannot be pinged.
constexpr settings::Keepalive kNoPings{.ping_interval = base::Duration(0)};

}  // namespace

Session::Session(workspace::Workspace& workspace, SessionOwner& owner, Parts parts)
    : workspace_(workspace),
      owner_(owner),
      route_(std::move(parts.route)),
      peers_(std::move(parts.peers)),
      quota_slot_(std::move(parts.quota_slot)),
      server_slot_(std::move(parts.server_slot)),
      client_(std::move(parts.client)),
      backend_(std::move(parts.backend)),
      reader_(parts.codec && parts.codec->to_bytes.has_compression()),
      client_output_(/*has_frames=*/!peers_.is_raw),
      codec_(std::move(parts.codec)),
      timer_(workspace.loop, *this),
      keep_alive_(peers_.is_raw ? kNoPings : options().keepalive, net::EventLoop::Now(),
                  workspace.Jitter()),
      started_(net::EventLoop::Now()),
      last_received_(started_),
      last_payload_(started_),
      backend_check_at_(started_ + options().keepalive.backend_timeout / 2) {
  if (options().bandwidth.is_bounded()) {
    bandwidth_ =
        std::make_unique<Bandwidth>(workspace.loop, options().bandwidth, [this] { OnBandwidth(); });
  }
  if (options().max_age.count() != 0) EndBy(started_ + options().max_age, base::Cause::kMaxAge);
  EndAtExpiry();
  if (peers_.has_half_close) reader_.AcceptEnd();
  client_->SetHandler(this);
  if (backend_) {
    backend_->SetHandler(this);
  } else {
    to_client_.input = Input::kEnded;
    to_backend_.write_failed = true;
  }
}

Session::~Session() = default;

/// Ends the session by the time that the client's token or certificate expires.
void Session::EndAtExpiry() {
  const auto end_at = [this](auth::WallTime expiry, base::Cause cause) {
    // An expiry may be further off than a clock with finer ticks can tell.
    constexpr std::chrono::seconds kLongest = std::chrono::years(100);
    const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    EndBy(net::EventLoop::Now() + std::min<std::chrono::seconds>(expiry - now, kLongest), cause);
  };
  if (peers_.identity && peers_.identity->expires) {
    end_at(*peers_.identity->expires, base::Cause::kTokenExpired);
  }
  const net::TlsState* const tls = client_->tls();
  if (tls != nullptr && tls->peer_certificate && tls->peer_certificate->expires) {
    end_at(auth::WallTime(std::chrono::seconds(*tls->peer_certificate->expires)),
           base::Cause::kCertificateExpired);
  }
}

const settings::SessionOptions& Session::options() const {
  return route_->settings.options;
}

metrics::RouteMetrics& Session::route_metrics() {
  return route_->metrics;
}

metrics::DirectionMetrics& Session::MetricsOf(const Direction& direction) {
  return route_metrics().in(&direction == &to_backend_ ? metrics::Direction::kToBackend
                                                       : metrics::Direction::kToClient);
}

void Session::Start(std::string_view head, base::Bytes early, std::optional<base::Cause> cause) {
  route_metrics().sessions_opened.Add();
  route_metrics().sessions_active.Add();
  SendHead(head);
  if (cause) BeginClose(*cause);
  if (!early.empty()) {
    const auto in = workspace_.buffers.scratch().first(early.size());
    std::copy(early.begin(), early.end(), in.begin());
    TakeFromClient(in, kTurnBudget);
  }
  RestartTimer();
  Pump();
}

void Session::SendHead(std::string_view head) {
  if (head.empty()) return;
  net::IoResult sent;
  if (client_->writable()) sent = client_->Write(base::AsBytes(head));
  if (sent.status == net::IoResult::Status::kError) {
    OnClientWrite(sent.status);
  } else if (sent.bytes < head.size()) {
    client_output_.QueueHead(head.substr(sent.bytes));
  }
}

void Session::Close(base::Cause cause) {
  BeginClose(cause);
  Pump();
}

void Session::SetDetail(std::string_view detail) {
  detail_ = detail.empty() ? nullptr : std::make_unique<const std::string>(detail);
}

void Session::EndBy(base::TimePoint time, base::Cause cause) {
  if (state_ != SessionState::kOpen || time >= ends_at_) return;
  ends_at_ = time;
  ends_with_ = cause;
}

void Session::CloseAt(base::TimePoint time, base::Cause cause) {
  EndBy(time, cause);
  if (state_ == SessionState::kOpen) RestartTimer();
}

void Session::Pump() {
  if (state_ == SessionState::kClosed) return;
  EndIfBackendLeft();
  FlushToBackend();
  FlushToClient();
  RelayToBackend();
  RelayToClient();
  FlushToClient();
  if (codec_ || peers_.is_raw) {
    NoteQueued(to_backend_);
    NoteQueued(to_client_);
  }
  FinishLegs();  // May end the session: nothing may follow.
}

void Session::RunTask() {
  ResumeSource(to_backend_, kTurnUsedUp);
  ResumeSource(to_client_, kTurnUsedUp);
  Pump();
}

bool Session::MayRead(const Direction& direction,
                      const std::unique_ptr<net::Stream>& source) const {
  return source != nullptr && source->readable() && direction.input != Input::kEnded &&
         direction.pauses == 0;
}

size_t Session::RoomToRead(const Direction& direction, size_t queued, size_t budget) {
  // What is discarded needs no room in the queue. What is relayed is only read while the queue is
  // below half its mark, so there always is some.
  if (direction.input != Input::kRelayed) return std::min(workspace::kQueueMark, budget);
  return Bounded(direction, std::min(workspace::kQueueMark - queued, budget));
}

// `size`, or what of it the bandwidth allows now.
size_t Session::Bounded(const Direction& direction, size_t size) {
  return bandwidth_ ? std::min(size, RateOf(direction).Room(net::EventLoop::Now())) : size;
}

DirectionRate& Session::RateOf(const Direction& direction) {
  return &direction == &to_backend_ ? bandwidth_->to_backend : bandwidth_->to_client;
}

// Whether the direction still has some of its bandwidth; if not, it is paused until it has.
bool Session::MayReadNow(Direction& direction) {
  if (!bandwidth_ || direction.input != Input::kRelayed) return true;
  const base::TimePoint now = net::EventLoop::Now();
  if (RateOf(direction).Room(now) != 0) return true;
  PauseSource(direction, kTooFast);
  bandwidth_->WakeIn(RateOf(direction).TimeUntilRoom(now));
  return false;
}

void Session::OnBandwidth() {
  ResumeSource(to_backend_, kTooFast);
  ResumeSource(to_client_, kTooFast);
  Pump();
}

void Session::PauseSource(Direction& direction, Pause reason) {
  if (reason == kFarLegFull && (direction.pauses & kFarLegFull) == 0) {
    MetricsOf(direction).pauses.Add();
  }
  direction.pauses = static_cast<uint8_t>(direction.pauses | reason);
  if (reason == kTurnUsedUp) workspace_.loop.RunNextTurn(*this);
}

void Session::ResumeSource(Direction& direction, Pause reason) {
  direction.pauses = static_cast<uint8_t>(direction.pauses & ~reason);
}

void Session::CountRelayed(Direction& direction, size_t bytes) {
  direction.bytes += bytes;
  MetricsOf(direction).bytes.Add(bytes);
  last_payload_ = net::EventLoop::Now();
}

void Session::NoteQueued(Direction& direction) {
  size_t size = 0;
  if (&direction == &to_backend_) {
    size = backend_queue_.size() + (codec_ ? codec_->to_bytes.waiting() : 0);
  } else {
    size = client_output_.size() + (codec_ ? codec_->to_frames.waiting() : 0) +
           (backend_ ? backend_->HeldBytes() : 0);
  }
  SetQueued(direction, size);
}

void Session::SetQueued(Direction& direction, size_t size) {
  if (size == direction.queued) return;
  workspace_.queued.Add(size);
  workspace_.queued.Subtract(direction.queued);
  MetricsOf(direction).queued.Add(size);
  MetricsOf(direction).queued.Subtract(direction.queued);
  direction.queued = static_cast<uint32_t>(size);
}

}  // namespace sluice::session
