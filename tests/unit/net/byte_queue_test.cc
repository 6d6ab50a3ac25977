#include "sluice/net/byte_queue.h"

#include <algorithm>
#include <array>
#include <string>

#include <gtest/gtest.h>

#include "seed.h"

namespace sluice::net {
namespace {

using Status = IoResult::Status;

/// Takes `room` bytes, at most `piece` at a time, then has had enough, or breaks.
class Sink final : public Stream {
 public:
  void SetHandler(StreamHandler*) override {}
  IoResult Read(base::MutableBytes) override { return {Status::kWouldBlock, 0, 0}; }
  IoResult Write(base::Bytes bytes) override {
    EXPECT_FALSE(bytes.empty());
    if (broken) return {Status::kError, 0, 32};
    const size_t size = std::min({bytes.size(), room, piece});
    if (size == 0) return {Status::kWouldBlock, 0, 0};
    room -= size;
    written += base::AsText(bytes.first(size));
    return {Status::kOk, size, 0};
  }
  void ShutdownWrite() override {}
  size_t UnacknowledgedBytes() const override { return 0; }
  uint64_t bytes_written() const override { return written.size(); }
  bool readable() const override { return false; }
  bool writable() const override { return room != 0; }

  std::string written;
  size_t room = SIZE_MAX;
  size_t piece = SIZE_MAX;
  bool broken = false;
};

std::string Peek(const ByteQueue& queue, size_t size) {
  std::string out(size, '?');
  out.resize(queue.Peek({reinterpret_cast<uint8_t*>(out.data()), size}));
  return out;
}

TEST(ByteQueueTest, TakesFromTheFront) {
  ByteQueue queue;
  std::string out(4, '?');
  const base::MutableBytes room(reinterpret_cast<uint8_t*>(out.data()), out.size());
  EXPECT_EQ(queue.Take(room), 0u);
  queue.Append(base::AsBytes("abcdef"));
  EXPECT_EQ(queue.Take(room), 4u);
  EXPECT_EQ(out, "abcd");
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.Take(room), 2u);
  EXPECT_EQ(out, "efcd");
  EXPECT_TRUE(queue.empty());
}

TEST(ByteQueueTest, EmptyAtFirstAndAfterAll) {
  ByteQueue queue;
  Sink sink;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_EQ(Peek(queue, 3), "");
  EXPECT_EQ(queue.WriteTo(sink).status, Status::kOk);
  queue.Append({});
  queue.Prepend({});
  EXPECT_TRUE(queue.empty()) << "nothing needs no memory";

  queue.Append(base::AsBytes("abc"));
  EXPECT_FALSE(queue.empty());
  const IoResult result = queue.WriteTo(sink);
  EXPECT_EQ(result.status, Status::kOk);
  EXPECT_EQ(result.bytes, 3u);
  EXPECT_TRUE(queue.empty());
}

TEST(ByteQueueTest, KeepsTheOrder) {
  ByteQueue queue;
  Sink sink;
  queue.Append(base::AsBytes("cd"));
  queue.Prepend(base::AsBytes("ab"));
  queue.Append(base::AsBytes("ef"));
  EXPECT_EQ(queue.size(), 6u);
  EXPECT_EQ(Peek(queue, 3), "abc");
  EXPECT_EQ(Peek(queue, 100), "abcdef") << "without taking them";
  queue.WriteTo(sink);
  EXPECT_EQ(sink.written, "abcdef");
}

TEST(ByteQueueTest, WritesNoMoreThanTheLimit) {
  ByteQueue queue;
  Sink sink;
  queue.Append(base::AsBytes("abcdef"));
  const IoResult result = queue.WriteTo(sink, 4);
  EXPECT_EQ(result.status, Status::kOk);
  EXPECT_EQ(result.bytes, 4u);
  EXPECT_EQ(sink.written, "abcd");
  EXPECT_EQ(queue.size(), 2u);
  EXPECT_EQ(queue.WriteTo(sink, 0).bytes, 0u);
}

TEST(ByteQueueTest, AShortWriteEndsItForNow) {
  ByteQueue queue;
  Sink sink;
  sink.piece = 4;
  queue.Append(base::AsBytes("abcdef"));
  const IoResult result = queue.WriteTo(sink);
  EXPECT_EQ(result.status, Status::kWouldBlock);
  EXPECT_EQ(result.bytes, 4u);
  sink.room = 0;
  EXPECT_EQ(queue.WriteTo(sink).status, Status::kWouldBlock);
  EXPECT_EQ(Peek(queue, 10), "ef");
}

TEST(ByteQueueTest, ErrorsAreTold) {
  ByteQueue queue;
  Sink sink;
  sink.broken = true;
  queue.Append(base::AsBytes("abc"));
  const IoResult result = queue.WriteTo(sink);
  EXPECT_EQ(result.status, Status::kError);
  EXPECT_EQ(result.error, 32);
  EXPECT_EQ(queue.size(), 3u);
  queue.Clear();
  EXPECT_TRUE(queue.empty());
}

class ByteQueuePropertyTest : public test::Seeded {};

TEST_F(ByteQueuePropertyTest, AnyMixOfOperationsIsAsAString) {
  for (int round = 0; round < 50; ++round) {
    ByteQueue queue;
    Sink sink;
    std::string expected, expected_written;
    for (int i = 0; i < 100; ++i) {
      std::string bytes(Between(0, OneIn(10) ? 200'000 : 300), '\0');
      for (char& byte : bytes) byte = static_cast<char>(Byte());
      switch (Between(0, 4)) {
        case 0:
          queue.Append(base::AsBytes(bytes));
          expected += bytes;
          break;
        case 1:
          queue.Prepend(base::AsBytes(bytes));
          expected.insert(0, bytes);
          break;
        case 2: {
          std::string out(Between(1, 100'000), '?');
          const base::MutableBytes room(reinterpret_cast<uint8_t*>(out.data()), out.size());
          out.resize(queue.Take(room));
          ASSERT_EQ(out, expected.substr(0, room.size()));
          expected.erase(0, out.size());
          break;
        }
        default:
          sink.room = Between(0, OneIn(3) ? 200'000 : 20'000);
          const size_t limit = OneIn(2) ? SIZE_MAX : Between(0, 100'000);
          const size_t moved = std::min({sink.room, limit, expected.size()});
          const IoResult result = queue.WriteTo(sink, limit);
          ASSERT_EQ(result.bytes, moved);
          ASSERT_EQ(result.status,
                    moved == std::min(limit, expected.size()) ? Status::kOk : Status::kWouldBlock);
          expected_written += expected.substr(0, moved);
          expected.erase(0, moved);
      }
      ASSERT_EQ(queue.size(), expected.size());
      ASSERT_EQ(queue.empty(), expected.empty());
      ASSERT_EQ(Peek(queue, 10), expected.substr(0, 10));
    }
    ASSERT_EQ(sink.written, expected_written);
  }
}

}  // namespace
}  // namespace sluice::net
