// The number of CPUs that this process may use, for `workers: auto`.
#pragma once

#include <string>

namespace sluice::server {

/// Returns the number of CPUs in the process's affinity mask, or the CPU quota of its control group
/// (v2 or v1, including its ancestors), rounded up, if that is less. At least 1. `root` is the
/// directory that contains /proc and /sys; tests pass a directory of their own.
unsigned UsableCpus(const std::string& root = "");

}  // namespace sluice::server
