#include "load/backend.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include <netinet/in.h>
#include <unistd.h>

namespace sluice::bench {
namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptsPerTurn = 64;

}  // namespace

class Backend::Connection : public Handler {
 public:
  Connection(Backend& backend, int fd)
      : backend_(backend), transport_(fd), kind_(backend.work_->request.kind) {
    backend_.loop_.Add(fd, interest_, *this);
  }

  void Go() {
    if (kind_ == WorkKind::kToClient) SetInterest(EPOLLIN | EPOLLOUT);
  }

  bool HasStalled() const {
    return kind_ == WorkKind::kToBackend && progress_time_ > 0 &&
           backend_.loop_.turn_time() - progress_time_ > kStallNs;
  }

  uint64_t received() const { return received_; }

  void OnReady(uint32_t events) override {
    if (closed_) return;
    if ((events & EPOLLOUT) != 0) {
      if (kind_ == WorkKind::kToClient) {
        SendStream();
      } else {
        SendKept();
      }
    }
    if (!closed_ && (events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) Receive();
  }

  void Reset() {
    transport_.ResetOnClose();
    Close();
  }

 private:
  void Close() {
    closed_ = true;
    backend_.connections_.erase(this);
    backend_.loop_.DestroyLater(std::unique_ptr<Handler>(this));
  }

  void SetInterest(uint32_t interest) {
    if (interest == interest_) return;
    interest_ = interest;
    backend_.loop_.Modify(transport_.fd(), interest, *this);
  }

  void SendStream() {
    const Ring& stream = backend_.work_->stream;
    const auto io = transport_.Send(stream.Slice(position_, std::min(kSendChunk, stream.size())));
    if (!io.error.empty()) return Fail(io.error);
    position_ = stream.Advance(position_, io.count);
  }

  void SendKept() {
    const auto io = transport_.Send({iovec{kept_.data(), kept_.size()}, iovec{}});
    if (!io.error.empty()) return Fail(io.error);
    kept_.erase(kept_.begin(), kept_.begin() + static_cast<ptrdiff_t>(io.count));
    if (kept_.empty()) SetInterest(EPOLLIN);
  }

  void Receive() {
    std::vector<uint8_t>& scratch = backend_.loop_.scratch();
    const auto io = transport_.Receive(scratch);
    if (!io.error.empty()) return Fail(io.error);
    if (io.ended) return End();
    if (io.count == 0) return;
    std::span<uint8_t> bytes(scratch.data(), io.count);
    if (kind_ == WorkKind::kMixed) {
      LearnKind(bytes.front());
      bytes = bytes.subspan(1);
      if (bytes.empty()) return;
    }
    if (progress_time_ == 0 && kind_ == WorkKind::kToBackend) backend_.reporter_->OnFlowing();
    progress_time_ = backend_.loop_.turn_time();
    switch (kind_) {
      case WorkKind::kToClient:
        return Fail("bytes that were never sent");
      case WorkKind::kToBackend:
        return Verify(bytes);
      default:
        received_ += bytes.size();
        return Echo(bytes);
    }
  }

  void LearnKind(uint8_t kind) {
    kind_ = static_cast<WorkKind>(kind);
    if (kind_ == WorkKind::kPing) {
      backend_.loop_.MakePrompt(transport_.fd(), interest_, *this);
    } else if (backend_.going_) {
      Go();
    }
  }

  void Verify(std::span<const uint8_t> bytes) {
    const Ring& payload = backend_.work_->TrafficOf(kind_).payload;
    if (!payload.Matches(position_, bytes)) {
      received_ += payload.CountMatching(position_, bytes);
      return Fail("a wrong byte");
    }
    received_ += bytes.size();
    position_ = payload.Advance(position_, bytes.size());
    backend_.verified_bytes_.Add(bytes.size());
  }

  void Echo(std::span<uint8_t> bytes) {
    const auto io = transport_.Send({iovec{bytes.data(), bytes.size()}, iovec{}});
    if (!io.error.empty()) return Fail(io.error);
    if (io.count == bytes.size()) return;
    const auto rest = bytes.subspan(io.count);
    kept_.assign(rest.begin(), rest.end());
    SetInterest(EPOLLOUT);  // Reads on when this is gone.
  }

  void End() {
    if (kind_ == WorkKind::kConnect) return Close();
    Fail("an early end");
  }

  /// A connection that has brought nothing may end as it likes: gateways probe their backends. (If
  /// it was to be streamed to, the client will miss the bytes.)
  void Fail(const std::string& what) {
    if (progress_time_ > 0) {
      backend_.reporter_->OnFailed("backend: " + what + ", after " + std::to_string(received_) +
                                   " bytes received");
    }
    Close();
  }

  Backend& backend_;
  Transport transport_;
  WorkKind kind_;  // kMixed until the client has announced its own.
  uint32_t interest_ = EPOLLIN;
  size_t position_ = 0;        // In the stream sent, or the payload received.
  uint64_t received_ = 0;      // And verified, where that is the work.
  int64_t progress_time_ = 0;  // When it last brought something, if ever.
  std::vector<uint8_t> kept_;  // Of an echo, what the socket did not take.
  bool closed_ = false;
};

Backend::Backend(Loop& loop, uint16_t port)
    : loop_(loop), listener_(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, generic, size) != 0 || listen(listener_, kBacklog) != 0 ||
      getsockname(listener_, generic, &size) != 0) {
    std::perror("listen");
    std::exit(1);
  }
  port_ = ntohs(address.sin_port);
  loop_.Add(listener_, EPOLLIN, *this);
}

void Backend::Begin(const Work& work, Reporter& reporter) {
  work_ = &work;
  reporter_ = &reporter;
  going_ = false;
}

void Backend::Go() {
  going_ = true;
  for (Connection* connection : connections_) connection->Go();
}

void Backend::CheckStalls() {
  if (work_ == nullptr) return;
  for (const Connection* connection : connections_) {
    if (!connection->HasStalled()) continue;
    reporter_->OnFailed("backend: nothing arrived for 10 s, after " +
                        std::to_string(connection->received()) + " bytes received");
    return;
  }
}

void Backend::End() {
  while (!connections_.empty()) (*connections_.begin())->Reset();
  work_ = nullptr;
  reporter_ = nullptr;
}

void Backend::OnReady(uint32_t /*events*/) {
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    accepted_.Add(1);
    if (work_ == nullptr) {
      close(fd);
      continue;
    }
    PrepareSocket(fd, work_->request.socket_buffer);
    auto* connection = new Connection(*this, fd);
    connections_.insert(connection);
    if (going_) connection->Go();
  }
}

}  // namespace sluice::bench
