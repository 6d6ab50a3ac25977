// Checks periodically whether the servers of backends with `health_check` work, and reports
// changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "sluice/base/log.h"
#include "sluice/base/snapshot.h"
#include "sluice/dns/resolver.h"
#include "sluice/metrics/health_metrics.h"
#include "sluice/net/event_loop.h"
#include "sluice/settings/config.h"
#include "sluice/settings/endpoint.h"
#include "sluice/tls/buffers.h"
#include "sluice/tls/client_context.h"
#include "sluice/workspace/resource_log.h"

namespace sluice::backend {

/// There is one prober for each configuration in use. Belongs to its loop's thread.
class HealthProber {
 public:
  /// Called when a server, by its indices in the configuration, is up or down: after its first
  /// check, and when its state changes.
  using OnResult = std::function<void(size_t backend, size_t server, bool is_up)>;

  /// All objects that it refers to outlive the prober.
  struct Setup {
    net::EventLoop& loop;
    dns::Resolver& resolver;
    const settings::Config& config;
    /// The TLS context of each backend; null for a plain backend.
    std::vector<std::shared_ptr<const base::Snapshot<tls::ClientContext>>> backend_tls;
    settings::Endpoint echo_address;  ///< where `builtin:echo` listens
    base::Log& log;
    metrics::HealthMetrics& metrics;
    uint64_t seed;  ///< for the times of the checks
  };

  /// Starts the first checks, spread over at most a second. A server keeps its state from
  /// `previous`, which may be null, if a backend of the same name has the same server there; such a
  /// state is not reported again.
  HealthProber(Setup setup, OnResult on_result, const HealthProber* previous = nullptr);
  ~HealthProber();
  HealthProber(const HealthProber&) = delete;
  HealthProber& operator=(const HealthProber&) = delete;

 private:
  class Probe;

  /// Returns true if that server is up, false if it is down; unset if the state is unknown.
  std::optional<bool> Find(const std::string& backend, const settings::Endpoint& server) const;

  const Setup setup_;
  const OnResult on_result_;
  workspace::ResourceLog resource_log_;
  std::minstd_rand random_;
  tls::Buffers tls_buffers_;
  /// For `check: tls` of plain backends.
  std::shared_ptr<const tls::ClientContext> any_certificate_;
  std::vector<std::unique_ptr<Probe>> probes_;
};

}  // namespace sluice::backend
