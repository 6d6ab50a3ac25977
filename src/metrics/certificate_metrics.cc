#include "sluice/metrics/certificate_metrics.h"

#include "metrics/families.h"

namespace sluice::metrics {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

Labels CertificateLabels(const CertificateMetrics::Owner& owner, const char* result) {
  return {{owner.first, owner.second}, {"result", result}};
}

}  // namespace

void CertificateMetrics::SetExpiry(const Owner& owner, const std::string& path, int64_t time) {
  const std::lock_guard lock(mutex_);
  expiry_[{owner, path}] = time;
  reloads_.try_emplace(owner);  // Counts from 0, so that `increase` sees the first reload.
}

void CertificateMetrics::CountReload(const Owner& owner, bool is_ok) {
  const std::lock_guard lock(mutex_);
  ++(is_ok ? reloads_[owner].ok : reloads_[owner].failed);
}

void CertificateMetrics::KeepOnly(const std::set<Key>& keys) {
  const std::lock_guard lock(mutex_);
  std::erase_if(expiry_, [&keys](const auto& entry) { return !keys.contains(entry.first); });
}

void CertificateMetrics::AddTo(std::vector<MetricFamily>& families) const {
  MetricFamily expiry{.name = "sluice_certificate_expiry_timestamp_seconds",
                      .help = "Expiry of one of our certificates, in seconds since 1970.",
                      .type = MetricType::Gauge,
                      .metric = {}};
  MetricFamily reloads{.name = "sluice_certificate_reloads_total",
                       .help = "Reloads of changed TLS files, by their result.",
                       .type = MetricType::Counter,
                       .metric = {}};
  const std::lock_guard lock(mutex_);
  for (const auto& [key, time] : expiry_) {
    Add(expiry, {{key.first.first, key.first.second}, {"certificate", key.second}},
        static_cast<double>(time));
  }
  for (const auto& [owner, count] : reloads_) {
    Add(reloads, CertificateLabels(owner, "ok"), static_cast<double>(count.ok));
    Add(reloads, CertificateLabels(owner, "failed"), static_cast<double>(count.failed));
  }
  for (auto* const family : {&expiry, &reloads}) {
    if (!family->metric.empty()) families.push_back(std::move(*family));
  }
}

}  // namespace sluice::metrics
