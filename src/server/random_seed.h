// A seed for generators of jitter, hashes and shuffles.
#pragma once

#include <cstdint>
#include <random>

namespace sluice::server {

inline uint64_t RandomSeed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

}  // namespace sluice::server
