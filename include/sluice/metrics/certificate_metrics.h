// Until when certificates are good, and how often they were read anew.
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
  /// Whose certificates they are: the label `listener` or `backend`, and its value.
  using Owner = std::pair<std::string, std::string>;

  /// The certificate in the file `path` expires at `time`, in seconds since 1970.
  void SetExpiry(const Owner& owner, const std::string& path, int64_t time);

  /// The files of `owner` were read anew, or could not be used, so that the old ones stay.
  void CountReload(const Owner& owner, bool is_ok);

  /// A file of an owner's.
  using Key = std::pair<Owner, std::string>;

  /// Forgets the certificates that are not among `keys`: nobody uses them any more.
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
