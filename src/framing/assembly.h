// The bytes of an incomplete message.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "sluice/base/bytes.h"

namespace sluice::framing {

/// Grows as bytes are added, up to the limit. Costs nothing while it is empty.
class Assembly {
 public:
  /// Adds bytes. Returns false, and adds none, if they exceed the limit.
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

  /// Releases the bytes to the caller, without copying.
  std::vector<uint8_t> Take() { return std::exchange(bytes_, {}); }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace sluice::framing
