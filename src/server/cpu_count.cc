#include "sluice/server/cpu_count.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <sstream>
#include <thread>

#include <sched.h>

#include "sluice/base/text.h"

namespace sluice::server {
namespace {

unsigned AffinityCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return static_cast<unsigned>(CPU_COUNT(&set));
  // The machine has more CPUs than the set can hold.
  return std::max(1u, std::thread::hardware_concurrency());
}

std::string FirstLine(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

/// Returns the number of CPUs that `quota` and `period`, in microseconds, amount to.
std::optional<double> Cpus(const std::string& quota, const std::string& period) {
  const auto q = base::ParseNumber(quota, UINT32_MAX);  // `max` and -1 are no limits.
  const auto p = base::ParseNumber(period, UINT32_MAX);
  if (!q || !p || *p == 0) return std::nullopt;
  return static_cast<double>(*q) / static_cast<double>(*p);
}

std::optional<double> QuotaV2(const std::string& directory) {
  std::istringstream line(FirstLine(directory + "/cpu.max"));
  std::string quota, period;
  line >> quota >> period;
  return Cpus(quota, period);
}

std::optional<double> QuotaV1(const std::string& directory) {
  return Cpus(FirstLine(directory + "/cpu.cfs_quota_us"),
              FirstLine(directory + "/cpu.cfs_period_us"));
}

/// Returns the smallest quota from `path` up to the mount point: all ancestors limit a group.
template <typename Quota>
double SmallestQuota(const std::string& mount, std::string path, Quota quota) {
  double smallest = HUGE_VAL;
  while (true) {
    smallest = std::min(smallest, quota(mount + path).value_or(HUGE_VAL));
    const auto slash = path.rfind('/');
    if (slash == std::string::npos) return smallest;
    path.resize(slash);
  }
}

double CgroupCpus(const std::string& root) {
  double cpus = HUGE_VAL;
  std::ifstream groups(root + "/proc/self/cgroup");
  // Each line is `id:controllers:path`; version 2 has no controllers there.
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const std::string path = line.substr(second + 1);
    if (controllers.empty()) {
      cpus = std::min(cpus, SmallestQuota(root + "/sys/fs/cgroup", path, QuotaV2));
    } else if (base::ListContains(controllers, "cpu")) {
      cpus = std::min(cpus, SmallestQuota(root + "/sys/fs/cgroup/cpu", path, QuotaV1));
    }
  }
  return cpus;
}

}  // namespace

unsigned UsableCpus(const std::string& root) {
  const double quota = std::ceil(CgroupCpus(root));
  return std::max(1u, static_cast<unsigned>(std::min<double>(AffinityCpus(), quota)));
}

}  // namespace sluice::server
