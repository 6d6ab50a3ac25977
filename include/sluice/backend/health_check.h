// What the outcomes of checks mean. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::backend {

/// Whether one server is up, by the checks that it has passed and failed.
class HealthState {
 public:
  /// Of checks in a row: passed, that a server which is down is up again, and failed, that one
  /// which is up is down. Neither is zero. `is_up` is what is known already.
  HealthState(unsigned rise, unsigned fall, std::optional<bool> is_up = std::nullopt)
      : rise_(rise), fall_(fall), is_up_(is_up) {}

  /// Notes the outcome of a check. Whether the server is up from now on, if that has changed; the
  /// first outcome decides by itself, for nothing is known before.
  std::optional<bool> Note(bool has_passed);

  /// Nothing before the first outcome.
  std::optional<bool> is_up() const { return is_up_; }

 private:
  const unsigned rise_;
  const unsigned fall_;
  std::optional<bool> is_up_;
  unsigned against_ = 0;  // Outcomes in a row that speak against the state.
};

/// How much of an answer is looked at.
inline constexpr size_t kLongestAnswer = 4096;

/// Whether `answer`, or a line of it, begins with one of `expected`.
bool IsExpected(std::string_view answer, std::span<const std::string> expected);

}  // namespace sluice::backend
