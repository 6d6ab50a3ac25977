// The counters of one worker. Its thread alone writes them, with plain loads and stores (no locked
// instruction on the data path); the scrape reads them from another thread and sums over the
// workers.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/cause.h"

namespace sluice::metrics {

/// A number that only goes up (Add), or a gauge (Add and Subtract). One writing thread, any reader.
class Counter {
 public:
  void Add(uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  }
  void Subtract(uint64_t n = 1) {
    value_.store(value_.load(std::memory_order_relaxed) - n, std::memory_order_relaxed);
  }
  uint64_t Value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

/// A histogram over fixed upper bounds, in seconds. One writing thread, any reader.
class Histogram {
 public:
  static constexpr size_t kMaxBuckets = 16;
  /// `bounds` ascend, at most kMaxBuckets of them, and outlive the histogram.
  explicit Histogram(std::span<const double> bounds) : bounds_(bounds) {}
  void Observe(double seconds);

  std::span<const double> bounds() const { return bounds_; }
  /// Observations in bucket `i` alone; `i == bounds().size()` is the one above all bounds.
  uint64_t CountIn(size_t i) const { return buckets_[i].Value(); }
  double Sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::span<const double> bounds_;
  std::array<Counter, kMaxBuckets + 1> buckets_;
  std::atomic<double> sum_{0};
};

/// Upper bounds in seconds: dials and round trips (1 ms to 10 s), and lives of sessions (1 s to a
/// day).
extern const std::span<const double> kLatencyBounds;
extern const std::span<const double> kLifetimeBounds;

enum class Direction : uint8_t { kToBackend, kToClient };

struct DirectionMetrics {
  Counter bytes;     ///< payload relayed, as it is on the backend's leg
  Counter messages;  ///< WebSocket messages begun
  Counter pauses;    ///< times the reading leg was paused because the far leg was full
  Counter queued;    ///< gauge: bytes now waiting for the far leg, or until a message is whole
};

/// What came of asking a client who it is.
enum class AuthResult : uint8_t {
  kAccepted,
  kAbsent,       ///< it had no credentials
  kRefused,      ///< they were not good
  kUnavailable,  ///< they could not be checked
};
inline constexpr size_t kAuthResults = static_cast<size_t>(AuthResult::kUnavailable) + 1;

/// The value of the label.
std::string_view ToString(AuthResult result);

struct RouteMetrics {
  Counter sessions_opened;
  Counter sessions_active;                                                            ///< gauge
  std::array<Counter, static_cast<size_t>(base::Cause::kDrain) + 1> sessions_closed;  ///< by cause
  std::array<DirectionMetrics, 2> directions;
  std::array<Counter, kAuthResults> authentications;  ///< by AuthResult
  Counter pings_sent;
  Histogram ping_rtt{kLatencyBounds};
  Histogram session_duration{kLifetimeBounds};

  DirectionMetrics& in(Direction d) { return directions[static_cast<size_t>(d)]; }
  const DirectionMetrics& in(Direction d) const { return directions[static_cast<size_t>(d)]; }
};

/// How a TLS handshake ended.
enum class TlsResult : uint8_t {
  kOk,
  kResumed,  ///< well, and a short one thanks to a ticket
  kFailed,   ///< versions, ciphers, certificates or the protocol did not fit
  kTimeout,
  kAborted,  ///< the connection ended first
  kNotTls,   ///< the client spoke something else
  kPlain,    ///< likewise, on a listener where it may
};
inline constexpr size_t kTlsResults = static_cast<size_t>(TlsResult::kPlain) + 1;

/// The value of the label.
std::string_view ToString(TlsResult result);

/// What became of the PROXY header that a connection was to begin with.
enum class ProxyHeader : uint8_t {
  kTaken,
  kLocal,      ///< it names nobody: the load balancer speaks for itself
  kNone,       ///< there was none
  kMalformed,  ///< it was refused for what it says
  kUntrusted,  ///< it was refused for who has sent it
};
inline constexpr size_t kProxyHeaders = static_cast<size_t>(ProxyHeader::kUntrusted) + 1;

/// The value of the label.
std::string_view ToString(ProxyHeader result);

struct ListenerMetrics {
  Counter connections_accepted;
  Counter connections_active;  ///< gauge: accepted and not yet closed, before and after the upgrade
  Counter accept_errors;
  std::array<Counter, static_cast<size_t>(base::Cause::kDrain) + 1> requests_refused;  ///< by cause
  Counter pages_served;
  std::array<Counter, kTlsResults> tls_handshakes;   ///< by TlsResult
  std::array<Counter, kProxyHeaders> proxy_headers;  ///< by ProxyHeader
};

struct ServerMetrics {
  Counter dials_succeeded;
  std::array<Counter, static_cast<size_t>(base::Cause::kDrain) + 1> dials_failed;  ///< by cause
  Histogram dial_duration{kLatencyBounds};  ///< of the dials that succeeded
};

/// The counters of what has a number in a configuration. What has the same name in another
/// configuration shares them with it.
template <typename T>
class Shards {
 public:
  explicit Shards(size_t count) {
    for (size_t i = 0; i < count; ++i) entries_.push_back(std::make_shared<T>());
  }
  explicit Shards(std::vector<std::shared_ptr<T>> entries) : entries_(std::move(entries)) {}

  T& operator[](size_t i) { return *entries_[i]; }
  const T& operator[](size_t i) const { return *entries_[i]; }
  size_t size() const { return entries_.size(); }

 private:
  std::vector<std::shared_ptr<T>> entries_;
};

/// One worker's counters for one configuration. Indices are those of the configuration: routes,
/// listeners, and the servers as MetricsLabels lists them.
struct WorkerMetrics {
  WorkerMetrics(size_t routes_count, size_t listeners_count, size_t servers_count)
      : routes(routes_count), listeners(listeners_count), servers(servers_count) {}
  WorkerMetrics(Shards<RouteMetrics> of_routes, Shards<ListenerMetrics> of_listeners,
                Shards<ServerMetrics> of_servers)
      : routes(std::move(of_routes)),
        listeners(std::move(of_listeners)),
        servers(std::move(of_servers)) {}

  Shards<RouteMetrics> routes;
  Shards<ListenerMetrics> listeners;
  Shards<ServerMetrics> servers;
};

}  // namespace sluice::metrics
