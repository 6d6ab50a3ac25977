#include "server/worker.h"

#include <cstring>
#include <utility>

#include "sluice/relay/client_request.h"
#include "sluice/relay/session.h"

namespace sluice::server {

/// One listener of this worker: gives each connection to a request of its own.
class Worker::Port final : private net::AcceptHandler {
 public:
  /// `tls` is null if clients do not speak it.
  Port(relay::WorkerContext& context, size_t index, net::ListeningSocket socket,
       const base::Snapshot<net::TlsContext>* tls)
      : context_(context),
        index_(index),
        tls_(tls),
        listener_(context.loop, std::move(socket), *this) {}

 private:
  void OnAccept(net::Fd fd, const net::Address& client) override {
    metrics().connections_accepted.Add();
    metrics().connections_active.Add();
    auto stream = std::make_unique<net::TcpStream>(context_.loop, std::move(fd));
    context_.requests
        .Add(std::make_unique<relay::ClientRequest>(context_, std::move(stream), client, index_,
                                                    tls_ == nullptr ? nullptr : tls_->Get()))
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

  metrics::ListenerMetrics& metrics() { return context_.metrics.listeners[index_]; }

  static constexpr base::Duration kLogInterval{10'000};

  relay::WorkerContext& context_;
  const size_t index_;
  const base::Snapshot<net::TlsContext>* const tls_;
  base::LogLimit log_limit_{kLogInterval};
  net::Listener listener_;
};

base::Result<std::unique_ptr<Worker>, std::string> Worker::Create(
    const WorkerSetup& setup, metrics::WorkerMetrics& metrics,
    std::vector<net::ListeningSocket> sockets, uint64_t seed) {
  std::unique_ptr<Worker> worker(new Worker());
  auto resolver = net::Resolver::Create(worker->loop_, setup.config.dns);
  if (!resolver) return base::Unexpected(resolver.error());
  worker->resolver_ = *std::move(resolver);
  worker->context_ = std::make_unique<relay::WorkerContext>(
      worker->loop_, *worker->resolver_, setup.config, setup.admission, setup.echo_address,
      setup.console_page, metrics, setup.log, seed);
  worker->context_->memory = &setup.memory;
  worker->context_->auth = setup.gatekeeper.MakeDesk(worker->loop_, *worker->resolver_);
  const auto& backends = setup.certificates.backends();
  for (size_t i = 0; i < backends.size(); ++i) {
    worker->context_->backend_tls[i] = backends[i].get();
  }
  for (size_t i = 0; i < sockets.size(); ++i) {
    worker->ports_.push_back(std::make_unique<Port>(*worker->context_, i, std::move(sockets[i]),
                                                    setup.certificates.listeners()[i].get()));
  }
  return worker;
}

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

void Worker::Drain(std::function<void()> done) {
  loop_.Post([this, done = std::move(done)]() mutable {
    ports_.clear();
    context_->Drain(std::move(done));
  });
}

void Worker::Cut() {
  loop_.Post([this] { context_->Cut(); });
}

}  // namespace sluice::server
