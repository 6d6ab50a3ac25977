// What a frame reader allocates: nothing, but for a control frame that comes in parts. An idle
// session has a reader, too.
#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/websocket/frame_reader.h"

#include "websocket/client_frames.h"

namespace {

size_t allocated = 0;  // Ever.
size_t live = 0;

}  // namespace

void* operator new(size_t size) {
  void* const memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  ++allocated;
  ++live;
  return memory;
}
void operator delete(void* memory) noexcept {
  if (memory != nullptr) --live;
  std::free(memory);
}
void operator delete(void* memory, size_t) noexcept {
  operator delete(memory);
}
// By default the same, but not with a sanitizer.
void* operator new[](size_t size) {
  return operator new(size);
}
void operator delete[](void* memory) noexcept {
  operator delete(memory);
}
void operator delete[](void* memory, size_t) noexcept {
  operator delete(memory);
}

namespace sluice::websocket {
namespace {

using testing::Binary;
using testing::Close;
using testing::Continuation;
using testing::Ping;
using testing::Pong;
using testing::Text;
using testing::Wire;

// Reads a piece to its end and returns the last thing that was told.
FrameEvent::Kind ReadPiece(FrameReader& reader, base::MutableBytes in) {
  FrameEvent::Kind last = FrameEvent::Kind::kNeedMore;
  uint8_t* out = in.data();
  for (;;) {
    const FrameEvent event = reader.Next(in, out);
    if (event.kind == FrameEvent::Kind::kNeedMore) return last;
    if (event.kind == FrameEvent::Kind::kPayload) out += event.payload.size();
    last = event.kind;
    if (last == FrameEvent::Kind::kClose) return last;
  }
}

TEST(FrameReaderMemoryTest, WhatIsWholeAndPayloadInPartsTakeNone) {
  const Wire wire = Text("a", false) + Ping("b") + Continuation(std::string(300, 'c')) + Pong("") +
                    Binary(std::string(70'000, 'd')) + Close(1000, "e");
  std::vector<uint8_t> bytes(wire.begin(), wire.end());
  const auto in = base::MutableBytes(bytes);
  FrameReader reader;
  const size_t before = allocated;
  // In the header of the long text, in its payload, and in the header of the long binary.
  size_t from = 0;
  for (const size_t to : {size_t{18}, size_t{100}, size_t{336}, size_t{400}}) {
    ReadPiece(reader, in.subspan(from, to - from));
    from = to;
  }
  EXPECT_EQ(ReadPiece(reader, in.subspan(from)), FrameEvent::Kind::kClose);
  EXPECT_EQ(allocated, before);
}

TEST(FrameReaderMemoryTest, AControlFrameInPartsIsForgottenWhenItWasTold) {
  const Wire wire = Ping("ping") + Pong("pong");
  for (size_t cut = 0; cut <= wire.size(); ++cut) {
    std::vector<uint8_t> bytes(wire.begin(), wire.end());
    const auto in = base::MutableBytes(bytes);
    FrameReader reader;
    const size_t before = live;
    ReadPiece(reader, in.first(cut));
    // Behind the first byte of either payload and before its last.
    const bool cuts_payload = (cut > 6 && cut < 10) || (cut > 16 && cut < 20);
    EXPECT_EQ(live, before + (cuts_payload ? 1 : 0)) << cut;
    ReadPiece(reader, in.subspan(cut));
    EXPECT_EQ(live, before) << cut;
  }
}

}  // namespace
}  // namespace sluice::websocket
