// The expiry of certificates, and the number of their reloads.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <prometheus/metric_family.h>

namespace sluice::metrics {

/// Thread-safe.
class CertificateMetrics {
 public:
  /// The owner of certificates: the label `listener` or `backend`, and its value.
  using Owner = std::pair<std::string, std::string>;

  /// Sets the time when the certificate in the file `path` expires, in seconds since 1970.
  void SetExpiry(const Owner& owner, const std::string& path, int64_t time);

  /// Counts a reload of the files of `owner`, or a failed reload, after which the old ones stay.
  void CountReload(const Owner& owner, bool is_ok);

  /// An owner and one of its files.
  using Key = std::pair<Owner, std::string>;

  /// Removes the certificates that are not among `keys`, because they are not used any more.
  void KeepOnly(const std::set<Key>& keys);

  void AddTo(std::vector<prometheus::MetricFamily>& families) const;

 private:
  struct Reloads {
    uint64_t ok = 0;
    uint64_t failed = 0;
  };

  mutable std::mutex mutex_;
  std::map<Key, int64_t> expiry_;
  std::map<Owner, Reloads> reloads_;
};

}  // namespace sluice::metrics
