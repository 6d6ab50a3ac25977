// How many CPUs this process may use: what `workers: auto` means.
#pragma once

#include <string>

namespace sluice::server {

/// At least 1: the CPUs of the process's affinity mask, or fewer if the CPU quota of its control
/// group (v2 or v1, its ancestors included) amounts to less, rounded up. `root` is where /proc and
/// /sys are found; tests give a directory of their own.
unsigned UsableCpus(const std::string& root = "");

}  // namespace sluice::server
