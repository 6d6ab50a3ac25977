#include "server/worker.h"

#include <cstring>
#include <utility>

#include "sluice/relay/client_request.h"
#include "sluice/relay/session.h"

namespace sluice::server {

/// One listener of this worker: gives each connection to a request of its own.
class Worker::Port final : private net::AcceptHandler {
 public:
  Port(relay::WorkerContext& context, net::ListeningSocket socket)
      : context_(context), listener_(context.loop, std::move(socket), *this) {}

  /// Its place among the listeners of the context's generation.
  void SetIndex(size_t index) { index_ = index; }

  void TakePending() { listener_.TakePending(); }

 private:
  void OnAccept(net::Fd fd, const net::Address& client) override {
    metrics().connections_accepted.Add();
    metrics().connections_active.Add();
    const auto& tls = context_.generation->listener_tls[index_];
    auto stream = std::make_unique<net::TcpStream>(context_.loop, std::move(fd));
    context_.requests
        .Add(std::make_unique<relay::ClientRequest>(context_, std::move(stream), client, index_,
                                                    tls ? tls->Get() : nullptr))
        .Start();
  }

  void OnAcceptError(int error) override {
    metrics().accept_errors.Add();
    const auto omitted = log_limit_.Admit(net::EventLoop::Now());
    if (!omitted) return;  // Ten of these a second help nobody.
    context_.log.Write(base::LogLevel::kError, "accept_failed",
                       {{"listener", listener_.address().ToString()},
                        {"detail", std::strerror(error)},
                        {"omitted", *omitted}});
  }

  metrics::ListenerMetrics& metrics() { return context_.generation->metrics.listeners[index_]; }

  static constexpr base::Duration kLogInterval{10'000};

  relay::WorkerContext& context_;
  size_t index_ = 0;
  base::LogLimit log_limit_{kLogInterval};
  net::Listener listener_;
};

Worker::Worker(const WorkerSetup& setup, uint64_t seed)
    : context_(loop_, setup.admission, setup.memory, setup.console_page, setup.log, seed) {}

Worker::~Worker() {
  if (thread_.joinable()) {
    loop_.Stop();
    thread_.join();
  }
}

void Worker::Start() {
  const net::SignalBlock block;
  thread_ = std::thread([this] { loop_.Run(); });
}

void Worker::Use(std::shared_ptr<relay::Generation> generation, std::vector<PortPlan> ports) {
  // What is posted has to be copyable, which sockets are not.
  auto plan = std::make_shared<std::vector<PortPlan>>(std::move(ports));
  loop_.Post([this, generation = std::move(generation), plan]() mutable {
    if (context_.draining) return;
    Ports before = std::exchange(ports_, {});
    for (const auto& port : *plan) {
      // Those that are not taken over are left for ClosePorts.
      ports_.push_back(port.kept ? std::exchange(before[*port.kept], {}) : Sockets());
    }
    ClosePorts(std::move(before));
    context_.Use(std::move(generation));
    for (size_t i = 0; i < ports_.size(); ++i) {
      for (auto& socket : (*plan)[i].sockets) {
        ports_[i].push_back(std::make_unique<Port>(context_, std::move(socket)));
      }
      for (const auto& port : ports_[i]) port->SetIndex(i);
    }
  });
}

/// Who has connected already is not turned away.
void Worker::ClosePorts(Ports ports) {
  for (const auto& sockets : ports) {
    for (const auto& port : sockets) port->TakePending();
  }
}

void Worker::Drain(base::Duration window, std::function<void()> done) {
  loop_.Post([this, window, done = std::move(done)]() mutable {
    ClosePorts(std::exchange(ports_, {}));
    context_.Drain(window, std::move(done));
  });
}

void Worker::Retire(std::function<void()> done) {
  loop_.Post([this, done = std::move(done)]() mutable {
    ClosePorts(std::exchange(ports_, {}));
    context_.AwaitEnd(std::move(done));
  });
}

void Worker::Cut() {
  loop_.Post([this] { context_.Cut(); });
}

}  // namespace sluice::server
