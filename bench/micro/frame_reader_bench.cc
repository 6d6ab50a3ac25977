// Reading frames as a session does: a buffer full of them, payloads moved together. Each round
// begins with a copy of the buffer, since the last one unmasked it, and since recv makes one too;
// BM_ReceiveFrames is that copy alone.
#include <algorithm>
#include <cstring>
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "sluice/websocket/frame_reader.h"

#include "buffers.h"

namespace sluice::bench {
namespace {

using base::MutableBytes;
using websocket::FrameEvent;
using websocket::FrameReader;
using websocket::Opcode;

constexpr size_t kBuffer = 64 << 10;

struct Wire {
  std::vector<uint8_t> bytes;
  size_t frames = 0;
};

void AppendFrame(Wire& wire, Opcode opcode, size_t size, uint32_t key) {
  wire.bytes.push_back(static_cast<uint8_t>(websocket::kFinBit | static_cast<uint8_t>(opcode)));
  const size_t length_size = size < websocket::kLength16 ? 0 : size <= UINT16_MAX ? 2 : 8;
  const size_t length7 = length_size == 0   ? size
                         : length_size == 2 ? websocket::kLength16
                                            : websocket::kLength64;
  wire.bytes.push_back(static_cast<uint8_t>(websocket::kMaskBit | length7));
  for (size_t i = length_size; i-- > 0;) {
    wire.bytes.push_back(static_cast<uint8_t>(size >> (8 * i)));
  }
  for (const unsigned shift : {24u, 16u, 8u, 0u}) {
    wire.bytes.push_back(static_cast<uint8_t>(key >> shift));
  }
  const size_t payload = wire.bytes.size();
  wire.bytes.resize(payload + size);
  for (size_t i = 0; i < size; ++i) {
    wire.bytes[payload + i] = wire.bytes[payload - 4 + i % 4] ^ static_cast<uint8_t>('a' + i % 26);
  }
  ++wire.frames;
}

// A buffer full of frames of this payload, at least one.
Wire Frames(Opcode opcode, size_t size) {
  std::minstd_rand keys(1);
  Wire wire;
  do {
    AppendFrame(wire, opcode, size, static_cast<uint32_t>(keys()));
  } while (wire.bytes.size() + websocket::kMaxClientHeader + size <= kBuffer);
  return wire;
}

// Reads the buffer in pieces of `piece` bytes.
size_t ReadAll(FrameReader& reader, MutableBytes buffer, size_t piece) {
  size_t payload = 0;
  while (!buffer.empty()) {
    MutableBytes in = buffer.first(std::min(piece, buffer.size()));
    buffer = buffer.subspan(in.size());
    uint8_t* out = in.data();
    for (;;) {
      const FrameEvent event = reader.Next(in, out);
      if (event.kind == FrameEvent::Kind::kNeedMore) break;
      if (event.kind == FrameEvent::Kind::kPayload) out += event.payload.size();
      payload += event.payload.size();
    }
  }
  return payload;
}

void ReadFrames(benchmark::State& state, Opcode opcode, size_t piece) {
  const Wire wire = Frames(opcode, SizeOf(state));
  std::vector<uint8_t> scratch(wire.bytes.size());
  FrameReader reader;
  for (auto _ : state) {
    std::memcpy(scratch.data(), wire.bytes.data(), scratch.size());
    benchmark::DoNotOptimize(ReadAll(reader, scratch, piece));
  }
  CountBytes(state, wire.bytes.size());
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(wire.frames));
}

void BM_ReceiveFrames(benchmark::State& state) {
  const Wire wire = Frames(Opcode::kBinary, SizeOf(state));
  std::vector<uint8_t> scratch(wire.bytes.size());
  for (auto _ : state) {
    std::memcpy(scratch.data(), wire.bytes.data(), scratch.size());
    benchmark::ClobberMemory();
  }
  CountBytes(state, wire.bytes.size());
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(wire.frames));
}
BENCHMARK(BM_ReceiveFrames)->Arg(16)->Arg(64)->Arg(1024)->Arg(16384)->Arg(65536);

void BM_ReadBinary(benchmark::State& state) {
  ReadFrames(state, Opcode::kBinary, SIZE_MAX);
}
BENCHMARK(BM_ReadBinary)->Arg(16)->Arg(64)->Arg(1024)->Arg(16384)->Arg(65536);

void BM_ReadText(benchmark::State& state) {
  ReadFrames(state, Opcode::kText, SIZE_MAX);
}
BENCHMARK(BM_ReadText)->Arg(16)->Arg(64)->Arg(1024)->Arg(16384)->Arg(65536);

// Cut by the ends of segments wherever they fall.
void BM_ReadSegments(benchmark::State& state) {
  ReadFrames(state, Opcode::kBinary, 1448);
}
BENCHMARK(BM_ReadSegments)->Arg(64)->Arg(1024)->Arg(16384);

void BM_ReadPings(benchmark::State& state) {
  ReadFrames(state, Opcode::kPing, SIZE_MAX);
}
BENCHMARK(BM_ReadPings)->Arg(4)->Arg(125);

}  // namespace
}  // namespace sluice::bench
