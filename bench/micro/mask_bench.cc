// Unmasking, beside what the C library's memcpy and memmove do in the same places. Unmasking in
// place touches half the memory that a copy does, so the fair pairs are Apart with Memcpy and
// Compacting with Memmove; what is asked of InPlace is 0.8 of Memcpy at 64 KiB.
#include <cstring>

#include <benchmark/benchmark.h>

#include "sluice/websocket/mask.h"

#include "buffers.h"

namespace sluice::bench {
namespace {

using websocket::MaskKey;
using websocket::Unmask;

constexpr MaskKey kKey = {0x37, 0xfa, 0x21, 0x3d};
constexpr size_t kHeader = 8;  // Of a frame of medium length: how far its payload moves.

void BM_Memcpy(benchmark::State& state) {
  const std::vector<uint8_t> in = Numbers(SizeOf(state));
  std::vector<uint8_t> out(in.size());
  for (auto _ : state) {
    std::memcpy(out.data(), in.data(), SizeOf(state));
    benchmark::DoNotOptimize(out.data());
    benchmark::ClobberMemory();
  }
  CountBytes(state, SizeOf(state));
}
BENCHMARK(BM_Memcpy)->Apply(Sizes);

void BM_UnmaskApart(benchmark::State& state) {
  const std::vector<uint8_t> in = Numbers(SizeOf(state));
  std::vector<uint8_t> out(in.size());
  for (auto _ : state) {
    Unmask(out.data(), in.data(), SizeOf(state), kKey, 0);
    benchmark::ClobberMemory();
  }
  CountBytes(state, SizeOf(state));
}
BENCHMARK(BM_UnmaskApart)->Apply(Sizes);

void BM_UnmaskInPlace(benchmark::State& state) {
  std::vector<uint8_t> bytes = Numbers(SizeOf(state));
  for (auto _ : state) {
    Unmask(bytes.data(), bytes.data(), SizeOf(state), kKey, 0);
    benchmark::ClobberMemory();
  }
  CountBytes(state, SizeOf(state));
}
BENCHMARK(BM_UnmaskInPlace)->Apply(Sizes);

void BM_Memmove(benchmark::State& state) {
  std::vector<uint8_t> bytes = Numbers(kHeader + SizeOf(state));
  for (auto _ : state) {
    std::memmove(bytes.data(), bytes.data() + kHeader, SizeOf(state));
    benchmark::ClobberMemory();
  }
  CountBytes(state, SizeOf(state));
}
BENCHMARK(BM_Memmove)->Apply(Sizes);

void BM_UnmaskCompacting(benchmark::State& state) {
  std::vector<uint8_t> bytes = Numbers(kHeader + SizeOf(state));
  for (auto _ : state) {
    Unmask(bytes.data(), bytes.data() + kHeader, SizeOf(state), kKey, 0);
    benchmark::ClobberMemory();
  }
  CountBytes(state, SizeOf(state));
}
BENCHMARK(BM_UnmaskCompacting)->Apply(Sizes);

}  // namespace
}  // namespace sluice::bench
