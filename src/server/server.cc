#include "sluice/server/server.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sluice/net/tcp_stream.h"
#include "sluice/server/cpu_count.h"
#include "sluice/worker/ports.h"
#include "sluice/worker/worker.h"
#include "sluice/workspace/memory_budget.h"

#include "server/active_config.h"
#include "server/echo_service.h"
#include "server/file_watch.h"
#include "server/random_seed.h"
#include "server/status_report.h"

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

/// What of `next` differs that was settled at the start; empty if nothing.
std::string_view WhatIsFixed(const settings::Config& now, const settings::Config& next) {
  if (next.workers != now.workers) return "'workers'";
  if (next.user != now.user) return "'user'";
  if (next.admin != now.admin) return "'admin'";
  return {};
}

}  // namespace

/// Order matters: what is below uses what is above.
class Server::Impl final : private net::TimerHandler {
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
        drain_timer_(loop, *this) {
    const worker::WorkerSetup setup{rate_limiter_, memory_, embedded::kConsolePage, log_};
    for (size_t i = 0; i < worker_count_; ++i) {
      workers_.push_back(std::make_unique<worker::Worker>(setup, RandomSeed()));
      memory_.Count(workers_.back()->queued());
    }
    std::vector<worker::Worker*> peers;
    for (const auto& worker : workers_) peers.push_back(worker.get());
    for (const auto& worker : workers_) worker->SetPeers(peers);
  }

  ~Impl() {
    // They know each other.
    for (const auto& worker : workers_) worker->Stop();
  }

  /// In place of the configuration in use, if there is one. Everything that can fail comes before
  /// anything changes.
  base::Result<void, std::string> Use(std::shared_ptr<const settings::Config> config) {
    auto next =
        ActiveConfig::Load({files_, log_, *collector_, quota_}, std::move(config), active_.get());
    if (!next) return base::Unexpected(std::move(next).error());
    const settings::Config& in_use = (*next)->config();
    if (auto done = StartEcho(in_use); !done) return done;
    auto plan = ports_.PlanFor(in_use.listeners, worker_count_);
    if (!plan) return base::Unexpected(std::move(plan).error());
    std::vector<std::shared_ptr<intake::Generation>> generations;
    for (size_t i = 0; i < worker_count_; ++i) {
      auto made = (*next)->MakeGeneration(workers_[i]->loop(), i, echo_address_);
      if (!made) return base::Unexpected(std::move(made).error());
      generations.push_back(*std::move(made));
    }
    if (auto done = (*next)->StartHealthChecks(loop_, echo_address_, active_.get()); !done) {
      return done;
    }

    if (auto done = SetSocketFiles(in_use.listeners); !done) return done;

    memory_.SetLimit(in_use.limits.memory);
    // Those that are kept, too: connections accepted from now on inherit it.
    for (const auto& sockets : plan->open) {
      for (const int fd : sockets.fds) net::SetSocketBuffer(fd, in_use.limits.socket_buffer);
    }
    LogListeners(in_use.listeners, *plan);
    for (const auto& unused : ports_.unused()) {
      log_.Write(base::LogLevel::kWarn, "socket_not_used",
                 {{"address", unused.socket.address.ToString()},
                  {"detail", "this process was given it, and no listener has its address"}});
    }
    ports_.Take(*plan);
    for (size_t i = 0; i < worker_count_; ++i) {
      workers_[i]->Use(std::move(generations[i]), std::move(plan->of_worker[i]));
    }
    active_ = *std::move(next);
    active_->OwnMetrics();
    active_->pools().Activate();
    return {};
  }

  void Start() {
    for (auto& worker : workers_) worker->Start();
    log_.Write(base::LogLevel::kInfo, "ready", {{"workers", workers_.size()}});
  }

  const settings::Config& config() const { return active_->config(); }
  const std::vector<worker::OpenSockets>& sockets() const { return ports_.open(); }

  void Drain(std::function<void()> done) {
    done_ = [this, done = std::move(done)] {
      drain_timer_.Stop();
      done();
    };
    const auto seconds = [](base::Duration time) {
      return std::chrono::duration<double>(time).count();
    };
    const settings::Drain& drain = config().drain;
    log_.Write(base::LogLevel::kInfo, "draining",
               {{"delay_seconds", seconds(drain.delay)},
                {"window_seconds", seconds(drain.window)},
                {"timeout_seconds", seconds(config().drain_timeout)}});
    is_delayed_ = drain.delay.count() != 0;
    if (is_delayed_) {
      drain_timer_.Start(drain.delay);
    } else {
      TellSessions(drain.window);
    }
  }

  void Retire(std::function<void()> done) {
    done_ = std::move(done);
    log_.Write(base::LogLevel::kInfo, "retiring", {});
    StopAcceptingThen([this] {
      ForEachWorker([this](worker::Worker& worker) { worker.Retire(WhenAllHave(done_)); });
    });
  }

  void Cut() {
    if (std::exchange(is_delayed_, false)) TellSessions(base::Duration(0));
    for (auto& worker : workers_) worker->Cut();
  }

  void CheckFiles() { files_.CheckNow(); }
  FileWatch& config_file() { return config_file_; }

  const std::shared_ptr<auth::Guard>& guard() const { return active_->guard(); }

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

  /// For sockets that are kept or inherited: new ones have their mode and owner already.
  static base::Result<void, std::string> SetSocketFiles(
      const std::vector<settings::Listener>& listeners) {
    for (const auto& listener : listeners) {
      if (listener.address.kind != settings::Endpoint::Kind::kUnix) continue;
      auto done = net::SetSocketFile(listener.address.host, listener.socket_file);
      if (!done) return done;
    }
    return {};
  }

  /// Logs the listeners that are new.
  void LogListeners(const std::vector<settings::Listener>& listeners,
                    const worker::Ports::Plan& plan) {
    for (size_t i = 0; i < listeners.size(); ++i) {
      if (plan.of_worker.front()[i].kept) continue;
      log_.Write(base::LogLevel::kInfo, "listening",
                 {{"listener", listeners[i].address.ToString()},
                  {"address", plan.bound[i].ToString()},
                  {"tls", listeners[i].tls.has_value()}});
    }
  }

  void TellSessions(base::Duration window) {
    drain_timer_.Start(config().drain_timeout - config().drain.delay);
    StopAcceptingThen([this, window] {
      ForEachWorker([&](worker::Worker& worker) { worker.Drain(window, WhenAllHave(done_)); });
    });
  }

  void OnTimer() override {
    if (std::exchange(is_delayed_, false)) {
      TellSessions(config().drain.window);
    } else {
      Cut();
    }
  }

  template <typename Function>
  void ForEachWorker(Function function) {
    ++end_;
    left_ = workers_.size();
    for (auto& worker : workers_) function(*worker);
  }

  /// For a worker to tell that it has done what it was asked to; `then` follows when all have. What
  /// they were asked before does not count any more.
  std::function<void()> WhenAllHave(std::function<void()> then) {
    return [this, end = end_, then = std::move(then)] {
      loop_.Post([this, end, then] {
        if (end == end_ && --left_ == 0) then();
      });
    };
  }

  void StopAcceptingThen(std::function<void()> then) {
    ForEachWorker([&](worker::Worker& worker) { worker.StopAccepting(WhenAllHave(then)); });
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
  net::Timer drain_timer_;
  bool is_delayed_ = false;  // It drains, and goes on accepting for now.
  std::function<void()> done_;
  size_t left_ = 0;   // Workers that have not done yet what they were asked to.
  unsigned end_ = 0;  // What that was.
};

base::Result<std::unique_ptr<Server>, std::string> Server::Create(
    net::EventLoop& loop, std::shared_ptr<const settings::Config> config, base::Log& log,
    std::string_view version, std::vector<worker::InheritedSocket> inherited) {
  auto impl = std::make_unique<Impl>(loop, *config, log, version, std::move(inherited));
  if (auto done = impl->Use(std::move(config)); !done) return base::Unexpected(done.error());
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() = default;

void Server::Start() {
  impl_->Start();
  running_ = true;
}

base::Result<void, std::string> Server::Reload(std::shared_ptr<const settings::Config> config) {
  if (draining_ || retired_) return base::Unexpected(std::string("sluice is about to stop"));
  if (const auto fixed = WhatIsFixed(impl_->config(), *config); !fixed.empty()) {
    return base::Unexpected(std::string(fixed) +
                            " cannot change while sluice runs; restart it for that, or hand over "
                            "to a new process (SIGUSR2)");
  }
  return impl_->Use(std::move(config));
}

const settings::Config& Server::config() const {
  return impl_->config();
}

const std::vector<worker::OpenSockets>& Server::sockets() const {
  return impl_->sockets();
}

void Server::Retire(std::function<void()> done) {
  retired_ = true;
  impl_->Retire(std::move(done));
}

void Server::Drain(std::function<void()> done) {
  draining_ = true;
  impl_->Drain(std::move(done));
}

void Server::Cut() {
  impl_->Cut();
}

std::shared_ptr<void> Server::WatchConfigFile(const std::string& file,
                                              std::function<void()> changed) {
  return impl_->config_file().Add({file}, std::move(changed));
}

void Server::CheckFiles() {
  impl_->CheckFiles();
}

std::shared_ptr<auth::Guard> Server::guard() const {
  return impl_->guard();
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

std::string Server::Report() const {
  return StatusReport(impl_->DescribeBackends(), impl_->collector()->RouteSessions());
}

}  // namespace sluice::server
