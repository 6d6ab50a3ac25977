// Random bytes that nobody can foresee, from the kernel, fetched by the hundred.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "sluice/base/bytes.h"

namespace sluice::net {

/// Belongs to one thread.
class RandomBytes {
 public:
  void Fill(base::MutableBytes out);

  /// As many as an array has.
  template <size_t Size>
  std::array<uint8_t, Size> Take() {
    std::array<uint8_t, Size> bytes;
    Fill(bytes);
    return bytes;
  }

 private:
  std::array<uint8_t, 256> pool_;
  size_t left_ = 0;  // Of the pool's end.
};

}  // namespace sluice::net
