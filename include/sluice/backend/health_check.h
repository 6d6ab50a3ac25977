// Decides from the outcomes of health checks whether a server is up. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::backend {

/// The state of one server: up, down, or unknown before the first check.
class HealthState {
 public:
  /// A server that is down is up again after `rise` passed checks in a row; a server that is up is
  /// down after `fall` failed checks in a row. Neither is zero. `is_up` is the state so far.
  HealthState(unsigned rise, unsigned fall, std::optional<bool> is_up = std::nullopt)
      : rise_(rise), fall_(fall), is_up_(is_up) {}

  /// Applies the outcome of a check. Returns the new state if the state has changed. If the state
  /// is unknown, one outcome decides.
  std::optional<bool> Apply(bool has_passed);

  /// Unset before the first outcome.
  std::optional<bool> is_up() const { return is_up_; }

 private:
  const unsigned rise_;
  const unsigned fall_;
  std::optional<bool> is_up_;
  unsigned against_ = 0;  // Outcomes in a row that contradict the state.
};

/// The bytes of an answer that are examined at most.
inline constexpr size_t kLongestAnswer = 4096;

/// Returns true if `answer`, or a line of it, begins with one of `expected`.
bool IsExpected(std::string_view answer, std::span<const std::string> expected);

}  // namespace sluice::backend
