// The time that pure code is handed: it never asks for it. Monotonic; wall-clock time is for logs
// only.
#pragma once

#include <chrono>

namespace sluice::base {

using Duration = std::chrono::milliseconds;
using TimePoint = std::chrono::time_point<std::chrono::steady_clock, Duration>;

}  // namespace sluice::base
