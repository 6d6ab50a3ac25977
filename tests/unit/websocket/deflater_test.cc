// Compression, judged by a plain peer (deflate_peer.h).
#include "sluice/websocket/deflater.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "websocket/deflate_peer.h"
#include "websocket/deflate_samples.h"

namespace sluice::websocket {
namespace {

using testing::Always;
using testing::CompressInPieces;
using testing::kCompressedHello;
using testing::PeerInflater;

constexpr DeflateShape kShape;

class DeflaterTest : public testing::RandomMessages {
 protected:
  ZlibPool pool_;
};

TEST_F(DeflaterTest, TheExamplesOfTheRfc) {
  Deflater shared(pool_, kShape, true);
  EXPECT_EQ(CompressInPieces(shared, "Hello"), kCompressedHello);
  EXPECT_EQ(CompressInPieces(shared, "Hello"), std::string("\xf2\x00\x11\x00\x00", 5));  // 7.2.3.2
  Deflater separate(pool_, kShape, false);
  EXPECT_EQ(CompressInPieces(separate, "Hello"), kCompressedHello);
  EXPECT_EQ(CompressInPieces(separate, "Hello"), kCompressedHello);
}

// 7.2.3.6, also right behind another message, where zlib has nothing to flush.
TEST_F(DeflaterTest, EmptyMessages) {
  const std::string kEmpty(1, '\0');
  for (const bool takeover : {false, true}) {
    Deflater deflater(pool_, kShape, takeover);
    PeerInflater peer(15, takeover);
    for (const std::string_view message : {"", "", "Hello", "", "", "Hello", ""}) {
      const std::string payload = CompressInPieces(deflater, message);
      EXPECT_EQ(payload == kEmpty, message.empty());
      EXPECT_EQ(peer.Decompress(payload), message);
    }
  }
}

TEST_F(DeflaterTest, AMessageThatEndsWithoutABytePastItsPieces) {
  Deflater deflater(pool_, kShape, true);
  std::array<uint8_t, 64> room;
  base::Bytes in = base::AsBytes("Hello");
  const auto first = deflater.Next(in, false, room);
  EXPECT_TRUE(first.done);
  EXPECT_EQ(first.size, 0U) << "kept inside until there is enough, or the end";
  EXPECT_TRUE(in.empty());
  const auto none = deflater.Next(in, false, room);
  EXPECT_TRUE(none.done);
  EXPECT_EQ(none.size, 0U);
  const auto last = deflater.Next(in, true, room);
  EXPECT_TRUE(last.done);
  EXPECT_EQ(base::AsText(base::Bytes(room).first(last.size)), kCompressedHello);
}

// Wherever the room ends, in the middle of the flush too, the peer reads the same.
TEST_F(DeflaterTest, EverySizeOfRoom) {
  for (int round = 0; round < 20; ++round) {
    const std::string message = Message(300);
    for (size_t room = Deflater::kMinOutput; room < 340; ++room) {
      Deflater deflater(pool_, kShape, true);
      PeerInflater peer;
      ASSERT_EQ(peer.Decompress(CompressInPieces(deflater, message, Always(7), Always(room))),
                message)
          << room;
      ASSERT_EQ(peer.Decompress(CompressInPieces(deflater, "Hello")), "Hello") << room;
    }
  }
}

TEST_F(DeflaterTest, RandomMessagesInRandomPieces) {
  for (int round = 0; round < 60; ++round) {
    const DeflateShape shape{static_cast<int>(Between(9, 15)), static_cast<int>(Between(1, 9))};
    const bool takeover = OneIn(2);
    Deflater deflater(pool_, shape, takeover);
    PeerInflater peer(shape.window_bits, takeover);
    for (int messages = 0; messages < 6; ++messages) {
      const std::string message = Message(60'000);
      const std::string payload = CompressInPieces(
          deflater, message, [this] { return PieceSize(); },
          [this] { return Deflater::kMinOutput + PieceSize(); });
      ASSERT_EQ(peer.Decompress(payload), message);
      if (OneIn(3)) deflater.Release();
    }
  }
}

TEST_F(DeflaterTest, HoldsMemoryOnlyWhereItMust) {
  Deflater separate(pool_, kShape, false);
  CompressInPieces(separate, "");
  EXPECT_EQ(pool_.idle_deflate(), 0U) << "an empty message takes no state";
  CompressInPieces(separate, "Hello");
  EXPECT_EQ(pool_.idle_deflate(), 1U);
  {
    Deflater shared(pool_, kShape, true);
    EXPECT_EQ(pool_.idle_deflate(), 1U);
    CompressInPieces(shared, "Hello");
    EXPECT_EQ(pool_.idle_deflate(), 0U);
    shared.Release();
    EXPECT_EQ(pool_.idle_deflate(), 1U);
    EXPECT_EQ(CompressInPieces(shared, "Hello"), kCompressedHello) << "forgot what it sent before";

    // In the middle of a message there is nothing to release.
    std::array<uint8_t, 64> room;
    base::Bytes in = base::AsBytes("Hel");
    shared.Next(in, false, room);
    shared.Release();
    EXPECT_EQ(pool_.idle_deflate(), 0U);
  }
  EXPECT_EQ(pool_.idle_deflate(), 1U) << "a session that ends in a message leaves its state";
  EXPECT_EQ(CompressInPieces(separate, "Hello"), kCompressedHello) << "as good as new";
}

TEST_F(DeflaterTest, ThePoolKeepsAFewAndTheLatest) {
  constexpr DeflateShape kSmall{9, 1};
  const auto use = [this](const DeflateShape& shape, size_t count) {
    std::vector<DeflateStream> streams;
    for (size_t i = 0; i < count; ++i) streams.push_back(pool_.AcquireDeflate(shape));
    for (auto& stream : streams) pool_.Release(std::move(stream), shape);
  };
  use(kShape, 10);
  EXPECT_EQ(pool_.idle_deflate(), ZlibPool::kMostIdle);
  use(kSmall, 1);
  EXPECT_EQ(pool_.idle_deflate(), ZlibPool::kMostIdle) << "in place of one of the others";
  const DeflateStream small = pool_.AcquireDeflate(kSmall);
  EXPECT_EQ(pool_.idle_deflate(), ZlibPool::kMostIdle - 1);
}

}  // namespace
}  // namespace sluice::websocket
