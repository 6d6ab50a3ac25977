#include "sluice/server/server.h"

#include <algorithm>
#include <random>
#include <utility>

#include "sluice/net/listener.h"
#include "sluice/relay/memory_budget.h"
#include "sluice/server/cpu_count.h"

#include "server/certificates.h"
#include "server/echo_service.h"
#include "server/file_watch.h"
#include "server/worker.h"

namespace sluice::embedded {
extern const std::string_view kConsolePage;
}

namespace sluice::server {
namespace {

metrics::MetricsLabels LabelsOf(const config::Config& config, std::string_view version) {
  metrics::MetricsLabels labels;
  labels.version = version;
  for (const auto& route : config.routes) labels.routes.push_back(route.name);
  for (const auto& listener : config.listeners) {
    labels.listeners.push_back(listener.address.ToString());
  }
  for (const auto& backend : config.backends) {
    for (const auto& server : backend.servers) {
      labels.servers.push_back({backend.name, server.address.ToString()});
    }
  }
  return labels;
}

bool UsesEcho(const config::Config& config) {
  for (const auto& backend : config.backends) {
    for (const auto& server : backend.servers) {
      if (server.address.kind == config::Endpoint::Kind::kBuiltin) return true;
    }
  }
  return false;
}

uint64_t RandomSeed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace

/// A server in the making, and then what it consists of. Order matters: what is below uses what is
/// above.
class Server::Impl final : private net::TimerHandler {
 public:
  Impl(net::EventLoop& loop, std::shared_ptr<const config::Config> config, base::Log& log,
       std::string_view version)
      : loop_(loop),
        config_(std::move(config)),
        admission_(*config_),
        log_(log),
        memory_(config_->limits.memory),
        collector_(std::make_shared<metrics::Collector>(LabelsOf(*config_, version))),
        files_(loop),
        certificates_(*config_, files_, log, collector_->certificates()),
        gatekeeper_(*config_, files_, log, *collector_),
        drain_timer_(loop, *this) {}

  base::Result<void, std::string> StartEcho() {
    if (!UsesEcho(*config_)) return {};
    auto echo = EchoService::Create(loop_);
    if (!echo) return base::Unexpected(echo.error());
    echo_ = *std::move(echo);
    echo_address_ = echo_->address();
    return {};
  }

  base::Result<void, std::string> LoadCertificates() { return certificates_.Load(); }
  base::Result<void, std::string> LoadAuth() { return gatekeeper_.Load(); }

  base::Result<void, std::string> Listen() {
    for (const auto& listener : config_->listeners) {
      auto socket = net::Listen(listener.address);
      if (!socket) return base::Unexpected(socket.error());
      sockets_.push_back(*std::move(socket));
    }
    return {};
  }

  base::Result<void, std::string> MakeWorkers() {
    const unsigned count = config_->workers != 0 ? config_->workers : UsableCpus();
    const WorkerSetup setup{*config_, admission_, echo_address_, embedded::kConsolePage,
                            log_,     memory_,    certificates_, gatekeeper_};
    for (unsigned i = 0; i < count; ++i) {
      auto sockets = SocketsForWorker(i + 1 == count);
      if (!sockets) return base::Unexpected(sockets.error());
      metrics::WorkerMetrics& metrics = collector_->AddWorker();
      memory_.Count(metrics);
      auto worker = Worker::Create(setup, metrics, *std::move(sockets), RandomSeed());
      if (!worker) return base::Unexpected(worker.error());
      workers_.push_back(*std::move(worker));
    }
    return {};
  }

  void Start() {
    for (size_t i = 0; i < config_->listeners.size(); ++i) {
      log_.Write(base::LogLevel::kInfo, "listening",
                 {{"listener", config_->listeners[i].address.ToString()},
                  {"address", bound_[i].ToString()},
                  {"tls", config_->listeners[i].tls.has_value()}});
    }
    for (auto& worker : workers_) worker->Start();
    log_.Write(base::LogLevel::kInfo, "ready", {{"workers", workers_.size()}});
  }

  void Drain(std::function<void()> done) {
    done_ = std::move(done);
    left_ = workers_.size();
    log_.Write(
        base::LogLevel::kInfo, "draining",
        {{"timeout_seconds", std::chrono::duration<double>(config_->drain_timeout).count()}});
    drain_timer_.Start(config_->drain_timeout);
    for (auto& worker : workers_) {
      worker->Drain([this] { loop_.Post([this] { OnWorkerDone(); }); });
    }
  }

  void Cut() {
    for (auto& worker : workers_) worker->Cut();
  }

  void CheckFiles() { files_.CheckNow(); }

  const std::shared_ptr<auth::Guard>& guard() const { return gatekeeper_.guard(); }

  std::shared_ptr<const metrics::Collector> collector() const { return collector_; }

 private:
  /// One socket for each listener. The last worker gets the ones that were bound first.
  base::Result<std::vector<net::ListeningSocket>, std::string> SocketsForWorker(bool last) {
    if (last) {
      for (const auto& socket : sockets_) bound_.push_back(socket.address);
      return std::move(sockets_);
    }
    std::vector<net::ListeningSocket> sockets;
    for (const auto& first : sockets_) {
      auto socket = net::ListenAgain(first);
      if (!socket) return base::Unexpected(socket.error());
      sockets.push_back(*std::move(socket));
    }
    return sockets;
  }

  void OnTimer() override { Cut(); }

  void OnWorkerDone() {
    if (--left_ != 0) return;
    drain_timer_.Stop();
    done_();
  }

  net::EventLoop& loop_;
  const std::shared_ptr<const config::Config> config_;
  relay::Admission admission_;
  base::Log& log_;
  relay::MemoryBudget memory_;
  const std::shared_ptr<metrics::Collector> collector_;
  FileWatch files_;
  Certificates certificates_;
  Gatekeeper gatekeeper_;
  std::unique_ptr<EchoService> echo_;
  config::Endpoint echo_address_;
  std::vector<net::ListeningSocket> sockets_;
  std::vector<config::Endpoint> bound_;
  std::vector<std::unique_ptr<Worker>> workers_;
  net::Timer drain_timer_;
  std::function<void()> done_;
  size_t left_ = 0;
};

base::Result<std::unique_ptr<Server>, std::string> Server::Create(
    net::EventLoop& loop, std::shared_ptr<const config::Config> config, base::Log& log,
    std::string_view version) {
  auto impl = std::make_unique<Impl>(loop, std::move(config), log, version);
  if (auto done = impl->StartEcho(); !done) return base::Unexpected(done.error());
  if (auto done = impl->LoadCertificates(); !done) return base::Unexpected(done.error());
  if (auto done = impl->LoadAuth(); !done) return base::Unexpected(done.error());
  if (auto done = impl->Listen(); !done) return base::Unexpected(done.error());
  if (auto done = impl->MakeWorkers(); !done) return base::Unexpected(done.error());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

void Server::Start() {
  impl_->Start();
  running_ = true;
}

void Server::Drain(std::function<void()> done) {
  draining_ = true;
  impl_->Drain(std::move(done));
}

void Server::Cut() {
  impl_->Cut();
}

void Server::CheckFiles() {
  impl_->CheckFiles();
}

std::shared_ptr<auth::Guard> Server::guard() const {
  return impl_->guard();
}

std::shared_ptr<const metrics::Collector> Server::collector() const {
  return impl_->collector();
}

}  // namespace sluice::server
