#include "sluice/backend/health_check.h"

#include <algorithm>

namespace sluice::backend {

std::optional<bool> HealthState::Apply(bool has_passed) {
  if (is_up_ == has_passed) {
    against_ = 0;
    return std::nullopt;
  }
  if (is_up_ && ++against_ < (has_passed ? rise_ : fall_)) return std::nullopt;
  against_ = 0;
  is_up_ = has_passed;
  return is_up_;
}

bool IsExpected(std::string_view answer, std::span<const std::string> expected) {
  for (;;) {
    const auto begins = [answer](const std::string& text) { return answer.starts_with(text); };
    if (std::any_of(expected.begin(), expected.end(), begins)) return true;
    const auto end = answer.find('\n');
    if (end == std::string_view::npos) return false;
    answer.remove_prefix(end + 1);
  }
}

}  // namespace sluice::backend
