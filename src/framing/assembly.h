// The bytes of a message whose end has not come.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sluice/base/bytes.h"

namespace sluice::framing {

/// Grows with what comes, and never beyond the limit. Costs nothing while it is empty.
class Assembly {
 public:
  /// False if the bytes do not fit under the limit; then none is taken.
  [[nodiscard]] bool Append(base::Bytes bytes, size_t limit) {
    if (bytes.size() > limit - bytes_.size()) return false;
    const size_t size = bytes_.size() + bytes.size();
    if (size > bytes_.capacity()) {
      bytes_.reserve(std::clamp(2 * bytes_.capacity(), size, limit));
    }
    bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
    return true;
  }

  base::Bytes bytes() const { return bytes_; }
  bool empty() const { return bytes_.empty(); }

  /// Hands the bytes over. They stay where they are.
  std::vector<uint8_t> Take() { return std::exchange(bytes_, {}); }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace sluice::framing
