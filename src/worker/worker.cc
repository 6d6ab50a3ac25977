#include "sluice/worker/worker.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "sluice/net/tcp_stream.h"

namespace sluice::worker {

/// Accepts connections on one listening socket and passes them to Worker::Place.
class Worker::Acceptor final : private net::AcceptHandler {
 public:
  Acceptor(Worker& worker, net::ListeningSocket socket)
      : worker_(worker), listener_(worker.loop_, std::move(socket), *this) {}

  /// Sets the index of its listener in the generation in use.
  void SetIndex(size_t index) { index_ = index; }

  void AcceptPending() { listener_.AcceptPending(); }

 private:
  void OnAccept(net::Fd fd, const net::Address& client) override {
    worker_.Place(std::move(fd), client, index_);
  }

  void OnAcceptError(int error) override {
    metrics().accept_errors.Add();
    const auto omitted = log_limit_.Admit(net::EventLoop::Now());
    if (!omitted) return;  // At most one line in 10 s.
    worker_.workspace_.log.Write(base::LogLevel::kError, "accept_failed",
                                 {{"listener", listener_.address().ToString()},
                                  {"detail", std::strerror(error)},
                                  {"omitted", *omitted}});
  }

  metrics::ListenerMetrics& metrics() {
    return worker_.registry_.generation()->metrics.listeners[index_];
  }

  static constexpr base::Duration kLogInterval{10'000};

  Worker& worker_;
  size_t index_ = 0;
  base::LogLimit log_limit_{kLogInterval};
  net::Listener listener_;
};

Worker::Worker(const WorkerSetup& setup, uint64_t seed)
    : workspace_(loop_, setup.memory, setup.log, seed),
      registry_(workspace_, setup.rate_limiter, setup.console_page) {}

Worker::~Worker() {
  Stop();
}

void Worker::Stop() {
  if (!thread_.joinable()) return;
  loop_.Stop();
  thread_.join();
}

void Worker::Start() {
  const net::SignalBlock block;
  thread_ = std::thread([this] { loop_.Run(); });
}

void Worker::Use(std::shared_ptr<intake::Generation> generation, std::vector<PortPlan> ports) {
  if (registry_.is_draining()) return;
  AcceptorsByListener before = std::exchange(acceptors_, {});
  addresses_.clear();
  for (const auto& port : ports) {
    addresses_.push_back(port.address);
    // CloseAcceptors closes those that remain in `before`.
    acceptors_.push_back(port.kept ? std::exchange(before[*port.kept], {}) : Acceptors());
  }
  CloseAcceptors(std::move(before));
  registry_.Use(std::move(generation));
  for (size_t i = 0; i < acceptors_.size(); ++i) {
    for (auto& socket : ports[i].sockets) {
      acceptors_[i].push_back(std::make_unique<Acceptor>(*this, std::move(socket)));
    }
    for (const auto& acceptor : acceptors_[i]) acceptor->SetIndex(i);
  }
}

/// Accepts the connections that are in the backlog, then closes the sockets.
void Worker::CloseAcceptors(AcceptorsByListener acceptors) {
  is_closing_acceptors_ = true;
  for (const auto& of_listener : acceptors) {
    for (const auto& acceptor : of_listener) acceptor->AcceptPending();
  }
  is_closing_acceptors_ = false;
}

/// Passes the connection to the worker with the fewest connections. Keeps it if the counts are
/// about equal, because moving it wakes another thread.
void Worker::Place(net::Fd fd, const net::Address& client, size_t listener) {
  Worker* fewest = this;
  for (Worker* const peer : peers_) {
    if (peer->registry_.size() < fewest->registry_.size()) fewest = peer;
  }
  const size_t least = fewest->registry_.size();
  // Among many connections, a few more do not matter. A listener that is being closed may be
  // unknown to the other workers.
  if (is_closing_acceptors_ || registry_.size() <= least + least / 8) {
    Accept(std::move(fd), client, listener);
    return;
  }
  // A posted function must be copyable, and a descriptor is not.
  fewest->loop_.Post([fewest, client, address = addresses_[listener],
                      generation = registry_.generation()->number,
                      shared = std::make_shared<net::Fd>(std::move(fd))] {
    fewest->AcceptFromPeer(shared, client, address, generation);
  });
}

void Worker::Accept(net::Fd fd, const net::Address& client, size_t listener) {
  auto& metrics = registry_.generation()->metrics.listeners[listener];
  metrics.connections_accepted.Add();
  metrics.connections_active.Add();
  // An accepted Unix socket does not inherit the buffer size of the listening socket.
  const size_t buffer = registry_.generation()->config.limits.socket_buffer;
  if (buffer != 0 && !client.ip()) net::SetSocketBuffer(fd.get(), buffer);
  const auto& tls = registry_.generation()->listener_tls[listener];
  registry_.Add(std::make_unique<net::TcpStream>(loop_, std::move(fd)), client, listener,
                tls ? tls->Get() : nullptr);
}

/// Accepts a connection that another worker has accepted on `listener` under that generation.
/// `listener` is the bound address: the listener's index may differ here, and several listeners may
/// be configured with the same address and port 0.
void Worker::AcceptFromPeer(std::shared_ptr<net::Fd> fd, const net::Address& client,
                            const settings::Endpoint& listener, uint64_t generation) {
  if (registry_.generation()->number < generation) {
    // That generation is already posted to this loop.
    loop_.Post([this, fd = std::move(fd), client, listener, generation] {
      AcceptFromPeer(fd, client, listener, generation);
    });
    return;
  }
  // If a reload has removed the listener, the connection is closed.
  const auto same = std::find(addresses_.begin(), addresses_.end(), listener);
  if (same == addresses_.end()) return;
  Accept(std::move(*fd), client, static_cast<size_t>(same - addresses_.begin()));
}

void Worker::StopAccepting() {
  CloseAcceptors(std::exchange(acceptors_, {}));
}

}  // namespace sluice::worker
