// The monotonic time. Pure code gets it as an argument, and never asks for it. Wall-clock time is
// for logs only.
#pragma once

#include <chrono>

namespace sluice::base {

using Duration = std::chrono::milliseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

}  // namespace sluice::base
