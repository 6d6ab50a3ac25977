// A hash that is the same in every process, so that all instances of sluice agree.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::routing {

/// Mixes the bits: each bit of `x` affects each bit of the result (the finalizer of SplitMix64).
constexpr uint64_t Mix(uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

/// Returns the FNV-1a hash of the text, mixed.
constexpr uint64_t Hash(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
  return Mix(hash);
}

}  // namespace sluice::routing
