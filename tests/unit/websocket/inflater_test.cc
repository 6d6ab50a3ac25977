// Decompression of what a plain peer sends (deflate_peer.h), and of what none should.
#include "sluice/websocket/inflater.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "websocket/deflate_peer.h"
#include "websocket/deflate_samples.h"

namespace sluice::websocket {

void PrintTo(Inflater::Status status, std::ostream* out) {
  *out << std::vector{"done", "more", "corrupt", "too large"}[static_cast<size_t>(status)];
}

namespace testing {

void PrintTo(const Inflated& inflated, std::ostream* out) {
  PrintTo(inflated.status, out);
  *out << ' ' << ::testing::PrintToString(inflated.message.substr(0, 100));
}

}  // namespace testing

namespace {

using namespace std::string_literals;
using Status = Inflater::Status;
using testing::Always;
using testing::Inflated;
using testing::InflateInPieces;
using testing::kCompressedHello;
using testing::PeerDeflater;
using testing::PeerOptions;

constexpr InflateLimits kNoLimit{.message = UINT64_MAX};

// The same in a final block, without what should follow it.
const std::string kFinal = "\xf3\x48\xcd\xc9\xc9\x07\x00"s;

class InflaterTest : public testing::RandomMessages {
 protected:
  // What one payload stands for, in a new session.
  Inflated Inflate(std::string_view payload, const InflateLimits& limits = kNoLimit,
                   size_t room = 1 << 16) {
    Inflater inflater(pool_, 15, true, limits);
    return InflateInPieces(inflater, payload, Always(SIZE_MAX), Always(room));
  }

  ZlibPool pool_;
};

Inflated Done(std::string message) {
  return {Status::kDone, std::move(message)};
}

TEST_F(InflaterTest, TheExamplesOfTheRfc) {
  EXPECT_EQ(Inflate(kCompressedHello), Done("Hello"));  // Section 7.2.3.1.
  Inflater shared(pool_, 15, true, kNoLimit);
  EXPECT_EQ(InflateInPieces(shared, kCompressedHello), Done("Hello"));
  EXPECT_EQ(InflateInPieces(shared, "\xf2\x00\x11\x00\x00"s), Done("Hello"));  // 7.2.3.2
  EXPECT_EQ(Inflate("\x00\x05\x00\xfa\xffHello\x00"s), Done("Hello"));         // 7.2.3.3
  EXPECT_EQ(Inflate("\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s), Done("Hello"));      // 7.2.3.4
  EXPECT_EQ(Inflate("\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s), Done("Hello"));
  EXPECT_EQ(Inflate("\x00"s), Done(""));  // 7.2.3.6
}

TEST_F(InflaterTest, EverySplit) {
  for (const std::string& payload :
       {kCompressedHello, kFinal + "\0"s, kFinal, "\x00"s, ""s, "\x00\x05\x00\xfa\xffHello\x00"s,
        "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s}) {
    const std::string message(payload.size() > 1 ? "Hello" : "");
    for (size_t a = 1; a <= payload.size() + 1; ++a) {
      for (size_t b = 1; b <= payload.size() + 1; ++b) {
        for (const size_t room : {1u, 2u, 3u, 5u, 100u}) {
          Inflater inflater(pool_, 15, true, kNoLimit);
          bool first = true;
          const auto in = [&] { return std::exchange(first, false) ? a : b; };
          ASSERT_EQ(InflateInPieces(inflater, payload, in, Always(room)), Done(message));
          ASSERT_EQ(InflateInPieces(inflater, kCompressedHello), Done("Hello")) << "the next one";
        }
      }
    }
  }
}

// Messages without the tail's block: none of the peers that send such should break the session.
TEST_F(InflaterTest, MessagesThatEndWithoutATail) {
  Inflater inflater(pool_, 15, true, kNoLimit);
  EXPECT_EQ(InflateInPieces(inflater, ""), Done("")) << "before all else";
  EXPECT_EQ(InflateInPieces(inflater, kCompressedHello), Done("Hello"));
  EXPECT_EQ(InflateInPieces(inflater, ""), Done(""));
  EXPECT_EQ(InflateInPieces(inflater, kFinal), Done("Hello"));
  EXPECT_EQ(InflateInPieces(inflater, ""), Done(""));
  EXPECT_EQ(InflateInPieces(inflater, kCompressedHello + testing::kTail), Done("Hello"))
      << "left on";
  EXPECT_EQ(InflateInPieces(inflater, kCompressedHello), Done("Hello"));
}

TEST_F(InflaterTest, FinalBlocks) {
  // Several in one message, empty ones too.
  const std::string kEmptyFinal = "\x03\x00"s;
  EXPECT_EQ(Inflate(kFinal + kEmptyFinal + kEmptyFinal + kFinal + "\0"s), Done("HelloHello"));
  EXPECT_EQ(Inflate(kEmptyFinal), Done(""));
  // The window goes on behind it: the second message of 7.2.3.2 refers to the first.
  Inflater inflater(pool_, 15, true, kNoLimit);
  EXPECT_EQ(InflateInPieces(inflater, kFinal + "\0"s), Done("Hello"));
  EXPECT_EQ(InflateInPieces(inflater, "\xf2\x00\x11\x00\x00"s), Done("Hello"));
}

TEST_F(InflaterTest, CorruptData) {
  for (const std::string& payload : {
           "\x06"s,                       // The block type that there is not.
           "\x07"s,                       // Likewise, in a final block.
           "\x00\x05\x00\xfa\xfeHello"s,  // The length does not match its complement.
           "\x00\x05\x00\xfa\xffHel"s,    // Cut short.
           "\x00\x05"s,                   // Likewise.
           "\xf2\x48\xcd"s,               // Likewise.
           "\xf2\x00\x11\x00\x00"s,       // Refers to what was never sent.
           kCompressedHello + "\x06"s,    // After a good block.
           kFinal + "\x06"s,              // Behind a final one.
           kCompressedHello + "\0"s,      // One byte too many: the block is not finished.
           "Hello, world, this is no deflate data"s,
       }) {
    for (const size_t room : {1u, 7u, 100u}) {
      EXPECT_EQ(Inflate(payload, kNoLimit, room).status, Status::kCorrupt) << payload;
    }
  }
}

// What a message of zeros may become is known to the byte.
TEST_F(InflaterTest, LimitsOfAMessage) {
  const std::string zeros(100'000, '\0');
  const std::string payload = PeerDeflater({}).Compress(zeros);
  ASSERT_LT(payload.size(), 200U);
  for (const size_t room : {1u, 999u, 1u << 16, 1u << 20}) {
    EXPECT_EQ(Inflate(payload, {.message = 100'000}, room), Done(zeros));
    EXPECT_EQ(Inflate(payload, {.message = 99'999}, room).status, Status::kTooLarge);
    EXPECT_EQ(Inflate(payload, {.message = 0}, room).status, Status::kTooLarge);
    EXPECT_EQ(Inflate("\0"s, {.message = 0}, room), Done(""));
    EXPECT_EQ(Inflate(kCompressedHello, {.message = 5}, room), Done("Hello"));
    EXPECT_EQ(Inflate(kCompressedHello, {.message = 4}, room).status, Status::kTooLarge);
  }
}

TEST_F(InflaterTest, TheLimitIsForEachMessage) {
  for (const bool takeover : {false, true}) {
    Inflater inflater(pool_, 15, takeover, {.message = 5});
    for (int i = 0; i < 3; ++i)
      EXPECT_EQ(InflateInPieces(inflater, kCompressedHello), Done("Hello"));
  }
}

TEST_F(InflaterTest, TheRatioLetsLargeMessagesPass) {
  const std::string zeros(1 << 20, '\0');  // About 1000 times as large as its payload.
  std::string text;
  while (text.size() < zeros.size()) text += std::to_string(random()()) + ' ';  // About twice.
  const std::string of_zeros = PeerDeflater({}).Compress(zeros);
  const std::string of_text = PeerDeflater({}).Compress(text);
  for (const size_t room : {1u << 10, 1u << 16}) {
    EXPECT_EQ(Inflate(of_text, {.message = 1024, .ratio = 4}, room), Done(text));
    EXPECT_EQ(Inflate(of_text, {.message = 1024, .ratio = 1}, room).status, Status::kTooLarge);
    EXPECT_EQ(Inflate(of_zeros, {.message = 1024, .ratio = 100}, room).status, Status::kTooLarge);
    EXPECT_EQ(Inflate(of_zeros, {.message = 1 << 20, .ratio = 4}, room), Done(zeros));
  }
}

TEST_F(InflaterTest, RandomMessagesInRandomPieces) {
  for (int round = 0; round < 100; ++round) {
    PeerOptions options{.window_bits = static_cast<int>(Between(9, 15)),
                        .level = static_cast<int>(Between(0, 9)),
                        .strategy = static_cast<int>(Between(Z_DEFAULT_STRATEGY, Z_FIXED)),
                        .context_takeover = OneIn(2),
                        .final_blocks = OneIn(4)};
    PeerDeflater peer(options);
    Inflater inflater(pool_, options.window_bits, options.context_takeover, kNoLimit);
    for (int messages = 0; messages < 6; ++messages) {
      const std::string message = Message(60'000);
      const auto size = [this] { return PieceSize(); };
      ASSERT_EQ(InflateInPieces(inflater, peer.Compress(message), size, size), Done(message));
    }
  }
}

TEST_F(InflaterTest, HoldsMemoryOnlyWhereItMust) {
  Inflater separate(pool_, 15, false, kNoLimit);
  InflateInPieces(separate, "");
  EXPECT_EQ(pool_.idle_inflate(), 0U) << "a message without bytes takes no state";
  InflateInPieces(separate, kCompressedHello);
  EXPECT_EQ(pool_.idle_inflate(), 1U);
  {
    Inflater shared(pool_, 10, true, kNoLimit);
    InflateInPieces(shared, kCompressedHello);
    EXPECT_EQ(pool_.idle_inflate(), 0U);
  }
  EXPECT_EQ(pool_.idle_inflate(), 1U);
  EXPECT_EQ(InflateInPieces(separate, "\xf2\x00\x11\x00\x00"s).status, Status::kCorrupt)
      << "nothing is left of another session's window";
}

}  // namespace
}  // namespace sluice::websocket
