#include "sluice/backend/health_prober.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "sluice/backend/health_check.h"
#include "sluice/dial/dial.h"
#include "sluice/proxy/header_writer.h"

namespace sluice::backend {
namespace {

constexpr base::Duration kLongestStart{1'000};

/// Returns the PROXY header of a check, which sluice sends for itself and not for a client.
std::vector<uint8_t> PreambleOf(settings::SendProxy version) {
  switch (version) {
    case settings::SendProxy::kV1:
      return proxy::WriteV1(std::nullopt);
    case settings::SendProxy::kV2:
      return proxy::WriteLocalV2();
    case settings::SendProxy::kOff:
      break;
  }
  return {};
}

}  // namespace

/// Checks one server periodically.
class HealthProber::Probe final : private net::StreamHandler, private net::TimerHandler {
 public:
  Probe(HealthProber& prober, size_t backend, size_t server, std::optional<bool> is_up)
      : prober_(prober),
        backend_index_(backend),
        server_index_(server),
        backend_(prober.setup_.config.backends[backend]),
        server_(backend_.servers[server].address),
        check_(*backend_.health_check),
        counters_(prober.setup_.metrics.CountersOf(backend_.name, server_.ToString())),
        state_(check_.rise, check_.fall, is_up),
        timer_(prober.setup_.loop, *this) {
    const auto spread = std::min(check_.interval, kLongestStart).count();
    timer_.Start(base::Duration(
        std::uniform_int_distribution<base::Duration::rep>(0, spread)(prober_.random_)));
  }

  bool IsOf(const std::string& backend, const settings::Endpoint& server) const {
    return backend_.name == backend && server_ == server;
  }
  std::optional<bool> is_up() const { return state_.is_up(); }

 private:
  void OnTimer() override {
    if (stream_) {
      End("no expected answer within the time limit");
    } else {
      Begin();
    }
  }

  void Begin() {
    deadline_ = net::EventLoop::Now() + check_.timeout;
    const auto& setup = prober_.setup_;
    const bool is_builtin = server_.kind == settings::Endpoint::Kind::kBuiltin;
    dial_ = std::make_unique<dial::Dial>(
        setup.loop, setup.resolver, is_builtin ? setup.echo_address : server_, Options(),
        [this](dial::Dial::Outcome outcome) { OnDialled(std::move(outcome)); });
  }

  dial::Options Options() const {
    dial::Options options{.timeout = check_.timeout,
                          .preamble = PreambleOf(backend_.proxy_protocol)};
    if (const auto& tls = prober_.setup_.backend_tls[backend_index_]) {
      options.tls = tls->Get();
    } else if (check_.tls) {
      options.tls = prober_.any_certificate_;
    }
    options.tls_buffers = &prober_.tls_buffers_;
    return options;
  }

  void OnDialled(dial::Dial::Outcome outcome) {
    dial_.reset();
    if (!outcome && outcome.error().cause == base::Cause::kLocalResources) {
      ++counters_->not_made;
      prober_.resource_log_.Write(prober_.setup_.log, net::EventLoop::Now(),
                                  outcome.error().detail);
      StartPause();
      return;
    }
    if (!outcome) {
      End(outcome.error().detail);
      return;
    }
    stream_ = *std::move(outcome);
    if (check_.expect.empty()) {
      End(std::nullopt);
      return;
    }
    unsent_ = check_.send;
    answer_.clear();
    stream_->SetHandler(this);
    timer_.Start(std::max(deadline_ - net::EventLoop::Now(), base::Duration(1)));
    Exchange();
  }

  void OnStreamReady() override { Exchange(); }

  void Exchange() {
    while (!unsent_.empty() && stream_->writable()) {
      const auto sent = stream_->Write(base::AsBytes(unsent_));
      unsent_.remove_prefix(sent.bytes);
      if (sent.status != net::IoResult::Status::kOk) break;
    }
    std::array<uint8_t, 1024> buffer;
    while (stream_->readable()) {
      const auto got = stream_->Read(buffer);
      if (got.status == net::IoResult::Status::kWouldBlock) return;
      if (got.status != net::IoResult::Status::kOk) {
        End("the connection ended before an expected answer");
        return;
      }
      answer_.append(base::AsText(base::Bytes(buffer).first(got.bytes)));
      if (IsExpected(std::string_view(answer_).substr(0, kLongestAnswer), check_.expect)) {
        End(std::nullopt);
        return;
      }
      if (answer_.size() >= kLongestAnswer) {
        End("the answer is not an expected one");
        return;
      }
    }
  }

  /// Waits until the next check.
  void StartPause() {
    timer_.Start(std::chrono::duration_cast<base::Duration>(
        check_.interval * std::uniform_real_distribution(0.9, 1.1)(prober_.random_)));
  }

  /// Ends a check. `fault` is what is wrong with the server; unset if the check has passed.
  void End(std::optional<std::string> fault) {
    if (stream_) {
      stream_->ShutdownWrite();  // TLS sends its closure alert first.
      stream_.reset();
    }
    const bool has_passed = !fault;
    ++(has_passed ? counters_->passed : counters_->failed);
    StartPause();
    const bool was_known = state_.is_up().has_value();
    const auto is_up = state_.Apply(has_passed);
    if (!is_up) return;
    // Before the first check a server counts as up, so a first success is not logged.
    if (was_known || !*is_up) LogChange(fault);
    prober_.on_result_(backend_index_, server_index_, *is_up);
  }

  void LogChange(const std::optional<std::string>& fault) const {
    base::Log& log = prober_.setup_.log;
    if (fault) {
      log.Write(base::LogLevel::kWarn, "server_down",
                {{"backend", backend_.name}, {"server", server_.ToString()}, {"detail", *fault}});
    } else {
      log.Write(base::LogLevel::kInfo, "server_up",
                {{"backend", backend_.name}, {"server", server_.ToString()}});
    }
  }

  HealthProber& prober_;
  const size_t backend_index_;
  const size_t server_index_;
  const settings::Backend& backend_;
  const settings::Endpoint& server_;
  const settings::HealthCheck& check_;
  const std::shared_ptr<metrics::HealthCounters> counters_;
  HealthState state_;
  net::Timer timer_;  // For the next check, or for the answer.
  base::TimePoint deadline_;
  std::unique_ptr<dial::Dial> dial_;
  std::unique_ptr<net::Stream> stream_;  // Null: no check waits for an answer.
  std::string_view unsent_;
  std::string answer_;
};

HealthProber::HealthProber(Setup setup, OnResult on_result, const HealthProber* previous)
    : setup_(std::move(setup)),
      on_result_(std::move(on_result)),
      random_(static_cast<std::minstd_rand::result_type>(setup_.seed)),
      any_certificate_(*tls::ClientContext::Create({.insecure_skip_verify = true})) {
  const auto& backends = setup_.config.backends;
  for (size_t i = 0; i < backends.size(); ++i) {
    if (!backends[i].health_check) continue;
    for (size_t j = 0; j < backends[i].servers.size(); ++j) {
      const auto is_up = previous == nullptr
                             ? std::nullopt
                             : previous->Find(backends[i].name, backends[i].servers[j].address);
      probes_.push_back(std::make_unique<Probe>(*this, i, j, is_up));
    }
  }
}

HealthProber::~HealthProber() = default;

std::optional<bool> HealthProber::Find(const std::string& backend,
                                       const settings::Endpoint& server) const {
  for (const auto& probe : probes_) {
    if (probe->IsOf(backend, server)) return probe->is_up();
  }
  return std::nullopt;
}

}  // namespace sluice::backend
