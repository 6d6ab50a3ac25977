#include "sluice/metrics/worker_metrics.h"

#include <algorithm>

namespace sluice::metrics {
namespace {

constexpr std::array kLatency = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                 0.25,  0.5,    1.0,   2.5,  5.0,   10.0};
constexpr std::array kLifetime = {1.0,    5.0,    15.0,   60.0,    300.0,   900.0,
                                  1800.0, 3600.0, 7200.0, 14400.0, 43200.0, 86400.0};
static_assert(kLatency.size() <= Histogram::kMaxBuckets);
static_assert(kLifetime.size() <= Histogram::kMaxBuckets);

}  // namespace

constinit const std::span<const double> kLatencyBounds = kLatency;
constinit const std::span<const double> kLifetimeBounds = kLifetime;

std::string_view ToString(TlsResult result) {
  switch (result) {
    case TlsResult::kOk:
      return "ok";
    case TlsResult::kResumed:
      return "resumed";
    case TlsResult::kFailed:
      return "failed";
    case TlsResult::kTimeout:
      return "timeout";
    case TlsResult::kAborted:
      return "aborted";
    case TlsResult::kNotTls:
      return "not_tls";
    case TlsResult::kPlain:
      return "plain";
  }
  return {};
}

std::string_view ToString(ProxyHeader result) {
  switch (result) {
    case ProxyHeader::kTaken:
      return "ok";
    case ProxyHeader::kLocal:
      return "local";
    case ProxyHeader::kNone:
      return "none";
    case ProxyHeader::kMalformed:
      return "malformed";
    case ProxyHeader::kUntrusted:
      return "untrusted";
  }
  return {};
}

std::string_view ToString(AuthResult result) {
  switch (result) {
    case AuthResult::kAccepted:
      return "accepted";
    case AuthResult::kAbsent:
      return "absent";
    case AuthResult::kRefused:
      return "refused";
    case AuthResult::kUnavailable:
      return "unavailable";
  }
  return {};
}

void Histogram::Observe(double seconds) {
  // A bound is inclusive: `le` means less or equal.
  const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), seconds);
  buckets_[static_cast<size_t>(bound - bounds_.begin())].Add();
  sum_.store(sum_.load(std::memory_order_relaxed) + seconds, std::memory_order_relaxed);
}

}  // namespace sluice::metrics
