// The counters of one worker. Only its thread writes them, with plain loads and stores (no locked
// instruction on the data path). The scrape reads them from another thread and sums over the
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

/// A counter (Add), or a gauge (Add and Subtract). One thread writes, any thread reads.
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

/// A histogram with fixed upper bounds, in seconds. One thread writes, any thread reads.
class Histogram {
 public:
  static constexpr size_t kMaxBuckets = 16;
  /// `bounds` are at most kMaxBuckets, ascending, and outlive the histogram.
  explicit Histogram(std::span<const double> bounds) : bounds_(bounds) {}
  void Observe(double seconds);

  std::span<const double> bounds() const { return bounds_; }
  /// Returns the observations in bucket `i` alone; bucket `bounds().size()` is above all bounds.
  uint64_t CountIn(size_t i) const { return buckets_[i].Value(); }
  double Sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::span<const double> bounds_;
  std::array<Counter, kMaxBuckets + 1> buckets_;
  std::atomic<double> sum_{0};
};

/// Upper bounds in seconds: of dials and round trips (1 ms to 10 s), and of session durations (1 s
/// to a day).
extern const std::span<const double> kLatencyBounds;
extern const std::span<const double> kLifetimeBounds;

enum class Direction : uint8_t { kToBackend, kToClient };

struct DirectionMetrics {
  Counter bytes;     ///< relayed payload, in bytes on the backend leg
  Counter messages;  ///< WebSocket messages that have begun
  Counter pauses;    ///< pauses of the reading leg because the opposite leg was full
  Counter queued;    ///< gauge: bytes that wait for the opposite leg or for the rest of a message
};

/// The result of the authentication of a client.
enum class AuthResult : uint8_t {
  kAccepted,
  kAbsent,       ///< the request had no credentials
  kRefused,      ///< the credentials were not valid
  kUnavailable,  ///< the credentials could not be checked
};
inline constexpr size_t kAuthResults = static_cast<size_t>(AuthResult::kUnavailable) + 1;

/// Returns the value of the label.
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

/// The result of a TLS handshake.
enum class TlsResult : uint8_t {
  kOk,
  kResumed,  ///< success, with a session resumed by a ticket
  kFailed,   ///< versions, ciphers, certificates or the protocol did not match
  kTimeout,
  kAborted,  ///< the connection ended first
  kNotTls,   ///< the client did not speak TLS
  kPlain,    ///< the client did not speak TLS, on a listener that allows that
};
inline constexpr size_t kTlsResults = static_cast<size_t>(TlsResult::kPlain) + 1;

/// Returns the value of the label.
std::string_view ToString(TlsResult result);

/// The result of reading the PROXY header at the start of a connection.
enum class ProxyHeader : uint8_t {
  kTaken,
  kLocal,      ///< the header names no client: the load balancer connects for itself
  kNone,       ///< there was no header
  kMalformed,  ///< the header was not valid
  kUntrusted,  ///< the sender may not send a header, or may not connect
};
inline constexpr size_t kProxyHeaders = static_cast<size_t>(ProxyHeader::kUntrusted) + 1;

/// Returns the value of the label.
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

/// The counters of the routes, listeners or servers of a configuration, by index. Those with the
/// same name in another configuration share their counters.
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
