// The processor time that a gateway has used: all threads, those that have ended too, of the given
// processes and of all their descendants.
#pragma once

#include <cstdint>
#include <vector>

#include <sys/types.h>

namespace sluice::bench {

struct CpuTime {
  int64_t total_ns = 0;  // From the scheduler, exact to the nanosecond, even for a running thread.
  int64_t user_ns = 0;   // From here on in the kernel's ticks of 10 ms.
  int64_t system_ns = 0;
};

class CpuSampler {
 public:
  explicit CpuSampler(std::vector<pid_t> roots) : roots_(std::move(roots)) {}

  /// Looks for descendants, which takes a while. False if one of the given processes is not there.
  bool FindProcesses();

  /// Of the processes that have been found.
  CpuTime Sample() const;

  /// Of those that have come since: all their time is later than that of FindProcesses().
  CpuTime SampleNewcomers();

 private:
  static CpuTime Sum(const std::vector<pid_t>& processes);

  std::vector<pid_t> roots_;
  std::vector<pid_t> processes_;
};

}  // namespace sluice::bench
