// What the benchmarks of plain loops share: their sizes, and bytes to work on.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <benchmark/benchmark.h>

namespace sluice::bench {

/// From a key press to a worker's whole scratch buffer: 16 B, 64 B, ..., 256 KiB.
inline void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->RangeMultiplier(4)->Range(16, 256 << 10);
}

inline size_t SizeOf(const benchmark::State& state) {
  return static_cast<size_t>(state.range(0));
}

inline void CountBytes(benchmark::State& state, size_t bytes_each) {
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes_each));
}

/// Bytes that are no two turns of any loop the same.
inline std::vector<uint8_t> Numbers(size_t size) {
  std::vector<uint8_t> bytes(size);
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<uint8_t>(31 * i + (i >> 8));
  return bytes;
}

}  // namespace sluice::bench
