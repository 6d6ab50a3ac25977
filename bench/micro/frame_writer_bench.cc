// Writing headers and control frames. The payload of a message is never touched, so a header's cost
// does not depend on its length.
#include <array>
#include <vector>

#include <benchmark/benchmark.h>

#include "sluice/websocket/close_code.h"
#include "sluice/websocket/frame_writer.h"

#include "buffers.h"

namespace sluice::bench {
namespace {

using websocket::Opcode;

// Headers of 2, 4 and 10 bytes.
void BM_WriteHeader(benchmark::State& state) {
  std::array<uint8_t, websocket::kMaxServerHeader> out;
  size_t size = 0;
  for (auto _ : state) {
    size = websocket::WriteServerHeader(out.data(), Opcode::kBinary, SizeOf(state));
    benchmark::DoNotOptimize(size);
    benchmark::ClobberMemory();
  }
  CountBytes(state, size);
}
BENCHMARK(BM_WriteHeader)->Arg(64)->Arg(1024)->Arg(256 << 10);

void BM_WritePong(benchmark::State& state) {
  const std::vector<uint8_t> payload = Numbers(SizeOf(state));
  std::array<uint8_t, websocket::kMaxServerControlFrame> out;
  size_t size = 0;
  for (auto _ : state) {
    size = websocket::WriteControlFrame(out.data(), Opcode::kPong, payload);
    benchmark::DoNotOptimize(size);
    benchmark::ClobberMemory();
  }
  CountBytes(state, size);
}
BENCHMARK(BM_WritePong)->Arg(0)->Arg(4)->Arg(125);

void BM_WriteClose(benchmark::State& state) {
  std::array<uint8_t, websocket::kMaxServerControlFrame> out;
  size_t size = 0;
  for (auto _ : state) {
    size = websocket::WriteCloseFrame(out.data(), websocket::kCloseNormal, "backend_closed");
    benchmark::DoNotOptimize(size);
    benchmark::ClobberMemory();
  }
  CountBytes(state, size);
}
BENCHMARK(BM_WriteClose);

}  // namespace
}  // namespace sluice::bench
