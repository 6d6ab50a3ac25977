// Unpredictable random bytes from the kernel, fetched hundreds at a time.
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

  /// Returns an array of random bytes.
  template <size_t Size>
  std::array<uint8_t, Size> Take() {
    std::array<uint8_t, Size> bytes;
    Fill(bytes);
    return bytes;
  }

 private:
  std::array<uint8_t, 256> pool_;
  size_t left_ = 0;  // The unused bytes, at the end of the pool.
};

}  // namespace sluice::net
