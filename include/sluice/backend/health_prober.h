// Checks whether the servers of backends with `health_check` work, and tells what has become of
// them.
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
#include "sluice/tls/client_context.h"
#include "sluice/tls/stream.h"
#include "sluice/workspace/resource_log.h"

namespace sluice::backend {

/// One for each configuration in use. Belongs to its loop's thread.
class HealthProber {
 public:
  /// A server, by its indices in the configuration, is up or down. Told for each after its first
  /// check, and when that changes.
  using OnResult = std::function<void(size_t backend, size_t server, bool is_up)>;

  /// All that it refers to outlives the prober.
  struct Setup {
    net::EventLoop& loop;
    dns::Resolver& resolver;
    const settings::Config& config;
    /// By backend; null: plain.
    std::vector<std::shared_ptr<const base::Snapshot<tls::ClientContext>>> backend_tls;
    settings::Endpoint echo_address;  ///< where `builtin:echo` listens
    base::Log& log;
    metrics::HealthMetrics& metrics;
    uint64_t seed;  ///< for the times of the checks
  };

  /// The first checks begin in the next turns of the loop, spread over a second at most. What is
  /// known of a server of the same backend, by their names, is taken over from `previous`, which
  /// may be null, and is not told again.
  HealthProber(Setup setup, OnResult on_result, const HealthProber* previous = nullptr);
  ~HealthProber();
  HealthProber(const HealthProber&) = delete;
  HealthProber& operator=(const HealthProber&) = delete;

 private:
  class Probe;

  /// Whether that server is up, if it is known.
  std::optional<bool> Find(const std::string& backend, const settings::Endpoint& server) const;

  const Setup setup_;
  const OnResult on_result_;
  workspace::ResourceLog resource_log_;
  std::minstd_rand random_;
  tls::Buffers tls_buffers_;
  /// For `check: tls` of backends that are plain otherwise.
  std::shared_ptr<const tls::ClientContext> any_certificate_;
  std::vector<std::unique_ptr<Probe>> probes_;
};

}  // namespace sluice::backend
