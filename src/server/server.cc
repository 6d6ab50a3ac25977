#include "sluice/server/server.h"

#include <map>
#include <string>
#include <utility>

#include "sluice/net/tcp_stream.h"
#include "sluice/server/cpu_count.h"
#include "sluice/worker/ports.h"
#include "sluice/worker/worker.h"
#include "sluice/workspace/memory_budget.h"

#include "server/active_config.h"
#include "server/backend_samples.h"
#include "server/echo_service.h"
#include "server/file_watch.h"
#include "server/random_seed.h"
#include "server/shutdown.h"

namespace sluice::embedded {
extern const std::string_view kConsolePage;
}

namespace sluice::server {
namespace {

bool UsesEcho(const settings::Config& config) {
  for (const auto& backend : config.backends) {
    for (const auto& server : backend.servers) {
      if (server.address.kind == settings::Endpoint::Kind::kBuiltin) return true;
    }
  }
  return false;
}

using SessionCounts = std::map<std::string, uint64_t>;

std::vector<net::EventLoop*> LoopsOf(const std::vector<std::unique_ptr<worker::Worker>>& workers) {
  std::vector<net::EventLoop*> loops;
  for (const auto& worker : workers) loops.push_back(&worker->loop());
  return loops;
}

/// Adds up the workers' counts, in the order of Status::routes.
std::vector<Status::Route> SumByRoute(const settings::Config& config,
                                      const Control::Replies<SessionCounts>& replies) {
  SessionCounts sums;
  for (const auto& reply : replies) {
    if (!reply) continue;
    for (const auto& [route, sessions] : *reply) sums[route] += sessions;
  }
  std::vector<Status::Route> routes;
  for (const auto& route : config.routes) {
    routes.push_back({route.name, sums[route.name]});
    sums.erase(route.name);
  }
  for (const auto& [name, sessions] : sums) routes.push_back({name, sessions});
  return routes;
}

/// Returns the name of an option that differs in `next` but cannot change after the start; empty if
/// there is none.
std::string_view WhatIsFixed(const settings::Config& now, const settings::Config& next) {
  if (next.workers != now.workers) return "'workers'";
  if (next.user != now.user) return "'user'";
  if (next.admin != now.admin) return "'admin'";
  return {};
}

}  // namespace

/// Order matters: what is below uses what is above.
class Server::Impl final {
 public:
  Impl(net::EventLoop& loop, const settings::Config& config, base::Log& log,
       std::string_view version, std::vector<worker::InheritedSocket> inherited)
      : loop_(loop),
        log_(log),
        memory_(config.limits.memory),
        worker_count_(config.workers != 0 ? config.workers : UsableCpus()),
        collector_(std::make_shared<metrics::Collector>(std::string(version), worker_count_)),
        files_(loop),
        config_file_(loop),
        ports_(std::move(inherited)),
        workers_(CreateWorkers()),
        control_(loop, LoopsOf(workers_)),
        shutdown_(loop, control_, workers_, log) {
    for (const auto& worker : workers_) memory_.Count(worker->queued());
    std::vector<worker::Worker*> peers;
    for (const auto& worker : workers_) peers.push_back(worker.get());
    for (const auto& worker : workers_) worker->SetPeers(peers);
  }

  ~Impl() {
    // Each worker uses its peers, so all stop before the first is destroyed.
    for (const auto& worker : workers_) worker->Stop();
  }

  /// Replaces the configuration in use, if there is one. All steps that can fail come before the
  /// first change.
  base::Result<Control::Pending, std::string> Use(std::shared_ptr<const settings::Config> config,
                                                  OnApplied applied) {
    auto next =
        ActiveConfig::Load({files_, log_, *collector_, quota_}, std::move(config), active_.get());
    if (!next) return base::Unexpected(std::move(next).error());
    const settings::Config& in_use = (*next)->config();
    if (auto done = StartEcho(in_use); !done) return base::Unexpected(done.error());
    auto plan = ports_.PlanFor(in_use.listeners, worker_count_);
    if (!plan) return base::Unexpected(std::move(plan).error());
    std::vector<std::shared_ptr<intake::Generation>> generations;
    for (size_t i = 0; i < worker_count_; ++i) {
      auto made = (*next)->MakeGeneration(workers_[i]->loop(), i, echo_address_);
      if (!made) return base::Unexpected(std::move(made).error());
      generations.push_back(*std::move(made));
    }
    if (auto done = (*next)->StartHealthChecks(loop_, echo_address_, active_.get()); !done) {
      return base::Unexpected(done.error());
    }

    if (auto done = SetSocketFiles(in_use.listeners); !done) return base::Unexpected(done.error());

    memory_.SetLimit(in_use.limits.memory);
    // Kept listeners included: accepted connections inherit the size.
    for (const auto& sockets : plan->open) {
      for (const int fd : sockets.fds) net::SetSocketBuffer(fd, in_use.limits.socket_buffer);
    }
    LogListeners(in_use.listeners, *plan);
    ports_.Commit(*plan);
    auto applying = Apply(std::move(generations), std::move(plan->of_worker), std::move(applied));
    active_ = *std::move(next);
    active_->OwnMetrics();
    active_->pools().Activate();
    return applying;
  }

  void Start() {
    for (auto& worker : workers_) worker->Start();
    log_.Write(base::LogLevel::kInfo, "ready", {{"workers", workers_.size()}});
  }

  const settings::Config& config() const { return active_->config(); }
  const std::vector<worker::OpenSockets>& sockets() const { return ports_.open(); }

  Control::Pending AskStatus(std::function<void(const Status&)> done) {
    return control_.Ask<SessionCounts>(
        Control::kReplyLimit,
        [this](size_t worker, const Control::Reply<SessionCounts>& reply) {
          reply(workers_[worker]->CountByRoute());
        },
        [this, done = std::move(done)](const Control::Replies<SessionCounts>& replies) {
          done({SumByRoute(config(), replies), DescribeBackends(), SilentWorkers(replies)});
        });
  }

  Shutdown& shutdown() { return shutdown_; }

  void CheckFiles() { files_.CheckNow(); }
  FileWatch& config_file() { return config_file_; }

  const std::shared_ptr<auth::MethodSet>& auth_methods() const { return active_->auth_methods(); }

  std::shared_ptr<const metrics::Collector> collector() const { return collector_; }
  metrics::Collector& metrics() { return *collector_; }

  std::vector<routing::BackendState> DescribeBackends() const {
    return active_->pools().Describe(net::EventLoop::Now());
  }

 private:
  base::Result<void, std::string> StartEcho(const settings::Config& config) {
    if (echo_ || !UsesEcho(config)) return {};
    auto echo = EchoService::Create(loop_);
    if (!echo) return base::Unexpected(echo.error());
    echo_ = *std::move(echo);
    echo_address_ = echo_->address();
    return {};
  }

  /// Sets the mode and owner of Unix sockets, for those that are kept or inherited.
  static base::Result<void, std::string> SetSocketFiles(
      const std::vector<settings::Listener>& listeners) {
    for (const auto& listener : listeners) {
      if (listener.address.kind != settings::Endpoint::Kind::kUnix) continue;
      auto done = net::SetSocketFile(listener.address.host, listener.socket_file);
      if (!done) return done;
    }
    return {};
  }

  std::vector<std::unique_ptr<worker::Worker>> CreateWorkers() {
    const worker::WorkerSetup setup{rate_limiter_, memory_, embedded::kConsolePage, log_};
    std::vector<std::unique_ptr<worker::Worker>> workers;
    while (workers.size() < worker_count_) {
      workers.push_back(std::make_unique<worker::Worker>(setup, RandomSeed()));
    }
    return workers;
  }

  /// Logs the listeners that are new, and the inherited sockets that belong to no listener.
  void LogListeners(const std::vector<settings::Listener>& listeners,
                    const worker::Ports::Plan& plan) {
    for (size_t i = 0; i < listeners.size(); ++i) {
      if (plan.of_worker.front()[i].kept) continue;
      log_.Write(base::LogLevel::kInfo, "listening",
                 {{"listener", listeners[i].address.ToString()},
                  {"address", plan.bound[i].ToString()},
                  {"tls", listeners[i].tls.has_value()}});
    }
    for (const auto& unused : ports_.unused()) {
      log_.Write(base::LogLevel::kWarn, "socket_not_used",
                 {{"address", unused.socket.address.ToString()},
                  {"detail", "the socket was inherited, but no listener has its address"}});
    }
  }

  /// Makes each worker use its generation and its listening sockets.
  Control::Pending Apply(std::vector<std::shared_ptr<intake::Generation>> generations,
                         std::vector<std::vector<worker::PortPlan>> ports, OnApplied applied) {
    std::vector<std::function<void(Control::Reply<Control::Done>)>> questions;
    for (size_t i = 0; i < worker_count_; ++i) {
      // A posted function must be copyable, and sockets are not.
      const auto plan = std::make_shared<std::vector<worker::PortPlan>>(std::move(ports[i]));
      questions.push_back([worker = workers_[i].get(), generation = std::move(generations[i]),
                           plan](const Control::Reply<Control::Done>& reply) {
        worker->Use(generation, std::move(*plan));
        reply({});
      });
    }
    return control_.AskEach<Control::Done>(
        Control::kReplyLimit, std::move(questions),
        [this, applied = std::move(applied)](const Control::Replies<Control::Done>& replies) {
          const std::vector<size_t> silent = SilentWorkers(replies);
          LogSilentWorkers(log_, silent, "it does not use the new configuration yet");
          applied(silent);
        });
  }

  net::EventLoop& loop_;
  base::Log& log_;
  auth::SessionQuota quota_;
  auth::RateLimiter rate_limiter_;
  workspace::MemoryBudget memory_;
  const size_t worker_count_;
  const std::shared_ptr<metrics::Collector> collector_;
  FileWatch files_;
  FileWatch config_file_;
  std::unique_ptr<ActiveConfig> active_;
  std::unique_ptr<EchoService> echo_;
  settings::Endpoint echo_address_;
  worker::Ports ports_;
  std::vector<std::unique_ptr<worker::Worker>> workers_;
  Control control_;
  Shutdown shutdown_;
};

base::Result<std::unique_ptr<Server>, std::string> Server::Create(
    net::EventLoop& loop, std::shared_ptr<const settings::Config> config, base::Log& log,
    std::string_view version, std::vector<worker::InheritedSocket> inherited) {
  auto impl = std::make_unique<Impl>(loop, *config, log, version, std::move(inherited));
  // The workers apply it when they start, before they accept.
  if (auto done = impl->Use(std::move(config), nullptr); !done) {
    return base::Unexpected(done.error());
  }
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

void Server::Start() {
  impl_->Start();
  is_running_ = true;
}

base::Result<Control::Pending, std::string> Server::Reload(
    std::shared_ptr<const settings::Config> config, OnApplied applied) {
  if (is_draining() || is_retired()) {
    return base::Unexpected(std::string("sluice is about to stop"));
  }
  if (const auto fixed = WhatIsFixed(impl_->config(), *config); !fixed.empty()) {
    return base::Unexpected(std::string(fixed) +
                            " cannot change while sluice runs; restart it for that, or hand over "
                            "to a new process (SIGUSR2)");
  }
  return impl_->Use(std::move(config), std::move(applied));
}

const settings::Config& Server::config() const {
  return impl_->config();
}

const std::vector<worker::OpenSockets>& Server::sockets() const {
  return impl_->sockets();
}

void Server::Retire(OnEnded done) {
  impl_->shutdown().Retire(std::move(done));
}

void Server::Drain(OnEnded done) {
  impl_->shutdown().Drain(config(), std::move(done));
}

void Server::Abort() {
  impl_->shutdown().Abort();
}

bool Server::is_draining() const {
  return impl_->shutdown().is_draining();
}

bool Server::is_retired() const {
  return impl_->shutdown().is_retired();
}

std::shared_ptr<void> Server::WatchConfigFile(const std::string& file,
                                              std::function<void()> changed) {
  return impl_->config_file().Add({file}, std::move(changed));
}

void Server::CheckFiles() {
  impl_->CheckFiles();
}

Control::Pending Server::AskStatus(std::function<void(const Status&)> done) {
  return impl_->AskStatus(std::move(done));
}

std::shared_ptr<auth::MethodSet> Server::auth_methods() const {
  return impl_->auth_methods();
}

metrics::Collector& Server::metrics() {
  return impl_->metrics();
}

std::shared_ptr<const metrics::Collector> Server::collector() const {
  return impl_->collector();
}

std::shared_ptr<const metrics::BackendCollector> Server::backend_collector() const {
  return std::make_shared<const metrics::BackendCollector>(
      [impl = impl_.get()] { return SamplesOf(impl->DescribeBackends()); });
}

}  // namespace sluice::server
