#include "sluice/net/pipe.h"

#include <array>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "sluice/net/tcp_stream.h"

#include "net/run_loop.h"
#include "net/sockets.h"

namespace sluice::net {
namespace {

using Status = IoResult::Status;

TEST(PipePoolTest, LendsAndTakesBack) {
  PipePool pool;
  const Pipe* first = nullptr;
  {
    const auto lent = pool.Take();
    ASSERT_TRUE(lent);
    EXPECT_TRUE(lent->empty());
    first = lent.get();
  }
  EXPECT_EQ(pool.Take().get(), first) << "an empty pipe is lent again";
}

TEST(PipePoolTest, HasSoManyAndNoMore) {
  PipePool pool;
  std::vector<PipePool::Lent> lent;
  while (auto pipe = pool.Take()) lent.push_back(std::move(pipe));
  EXPECT_EQ(lent.size(), PipePool::kMost);
  lent.front()->Added(1);  // As if it still held something: closed, and another may be made.
  lent.erase(lent.begin());
  const auto another = pool.Take();
  ASSERT_TRUE(another);
  EXPECT_TRUE(another->empty());
  EXPECT_FALSE(pool.Take());
}

/// Bytes that go from `sender` through two streams to `receiver`, past user space.
class SpliceTest : public ::testing::Test, private StreamHandler {
 protected:
  SpliceTest() {
    const Fd listener = testing::ListeningOnLoopback();
    sender = testing::ConnectTo(testing::PortOf(listener));
    Fd accepted = NonBlocking(testing::AcceptFrom(listener));
    ConfigureForRelay(accepted);
    from = std::make_unique<TcpStream>(loop, std::move(accepted));
    Fd ours = testing::ConnectTo(testing::PortOf(listener));
    receiver = testing::AcceptFrom(listener);
    to = std::make_unique<TcpStream>(loop, NonBlocking(std::move(ours)));
    from->SetHandler(this);
    to->SetHandler(this);
  }

  static Fd NonBlocking(Fd fd) {
    EXPECT_EQ(fcntl(fd.get(), F_SETFL, O_NONBLOCK), 0);
    return fd;
  }

  void OnStreamReady() override {
    while (!ended) {
      if (pipe->empty()) {
        if (!from->readable()) return;
        if (!from->can_read_into()) {
          ReadTail();
          return;
        }
        const IoResult got = from->ReadInto(*pipe, 100'000);
        EXPECT_NE(got.status, Status::kEnd);
        if (got.status == Status::kWouldBlock) continue;  // Until it is not readable, or to a read.
        if (got.status != Status::kOk) return;
        EXPECT_EQ(pipe->size(), got.bytes);
        head = "<";
      }
      if (!to->writable()) return;
      const IoResult sent = to->WriteFrom(base::AsBytes(head), *pipe);
      if (sent.status != Status::kOk) return;
      if (!head.empty()) {
        ++heads;
        head = {};
      }
    }
  }

  /// What cannot be spliced any more.
  void ReadTail() {
    std::array<uint8_t, 4096> buffer;
    for (;;) {
      const IoResult got = from->Read(buffer);
      ended = got.status == Status::kEnd;
      if (got.status != Status::kOk) return;
      tail += base::AsText(base::Bytes(buffer).first(got.bytes));
    }
  }

  EventLoop loop;
  PipePool pool;
  PipePool::Lent pipe = pool.Take();
  Fd sender;
  Fd receiver;
  std::unique_ptr<TcpStream> from;
  std::unique_ptr<TcpStream> to;
  std::string_view head;
  size_t heads = 0;
  std::string tail;
  bool ended = false;
};

TEST_F(SpliceTest, EveryByteInOrderThroughASlowReceiver) {
  std::string all(8 * 1024 * 1024, '\0');
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>('a' + (i * 31 + i / 997) % 26);
  ASSERT_EQ(fcntl(sender.get(), F_SETFL, O_NONBLOCK), 0);
  std::string_view rest = all;
  std::string received;
  ASSERT_TRUE(testing::RunUntil(loop, [&] {
    while (!rest.empty()) {
      const ssize_t sent = send(sender.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
      if (sent <= 0) break;
      rest.remove_prefix(static_cast<size_t>(sent));
      if (rest.empty()) shutdown(sender.get(), SHUT_WR);
    }
    // Only when nothing else can move, so that the pipe is left half full often.
    if (!to->writable() || rest.empty()) received += testing::Available(receiver);
    return ended && received.size() + tail.size() >= all.size() + heads;
  }));
  EXPECT_GT(heads, 0u);
  EXPECT_EQ(to->bytes_written(), received.size());
  std::erase(received, '<');
  EXPECT_EQ(received + tail, all);
}

TEST_F(SpliceTest, AnEndAndNothingYetAreToldApart) {
  ASSERT_TRUE(testing::RunUntil(loop, [this] { return from->writable(); }));
  EXPECT_EQ(from->ReadInto(*pipe, 1000).status, Status::kWouldBlock);
  EXPECT_FALSE(from->readable());
  EXPECT_TRUE(from->can_splice());
  shutdown(sender.get(), SHUT_WR);
  ASSERT_TRUE(testing::RunUntil(loop, [this] { return ended; }));
}

TEST_F(SpliceTest, AnEndIsLeftToARead) {
  from->SetHandler(nullptr);
  shutdown(sender.get(), SHUT_WR);
  ASSERT_TRUE(testing::RunUntil(loop, [this] { return from->readable(); }));
  EXPECT_TRUE(from->can_read_into());
  EXPECT_EQ(from->ReadInto(*pipe, 1000).status, Status::kWouldBlock);
  EXPECT_TRUE(from->readable());
  EXPECT_FALSE(from->can_read_into());
  std::array<uint8_t, 16> buffer;
  EXPECT_EQ(from->Read(buffer).status, Status::kEnd);
  EXPECT_FALSE(from->readable());
}

TEST_F(SpliceTest, UrgentDataIsLeftToAReadAndSplicingGoesOnAfterIt) {
  from->SetHandler(nullptr);
  ASSERT_EQ(send(sender.get(), "!", 1, MSG_OOB), 1);
  ASSERT_TRUE(testing::RunUntil(loop, [this] { return from->readable(); }));
  EXPECT_EQ(from->ReadInto(*pipe, 1000).status, Status::kWouldBlock);
  EXPECT_TRUE(from->readable());
  EXPECT_FALSE(from->can_read_into());
  std::array<uint8_t, 16> buffer;
  EXPECT_EQ(from->Read(buffer).bytes, 1u);
  EXPECT_EQ(buffer[0], '!');

  testing::SendAll(sender, "behind");
  ASSERT_TRUE(testing::RunUntil(loop, [this] { return from->readable(); }));
  EXPECT_TRUE(from->can_read_into());
  EXPECT_EQ(from->ReadInto(*pipe, 1000).bytes, 6u);
}

// splice(2) stops before urgent data for ever, and takes it for the end if a FIN has come.
TEST_F(SpliceTest, UrgentDataIsNoEnd) {
  testing::SendAll(sender, "before");
  ASSERT_EQ(send(sender.get(), "!", 1, MSG_OOB), 1);
  testing::SendAll(sender, "behind");
  shutdown(sender.get(), SHUT_WR);
  std::string received;
  ASSERT_TRUE(testing::RunUntil(loop, [&] {
    received += testing::Available(receiver);
    return ended;
  }));
  std::erase(received, '<');
  EXPECT_EQ(received + tail, "before!behind");
}

TEST_F(SpliceTest, AnErrorOfTheReceiverIsTold) {
  ASSERT_TRUE(testing::RunUntil(loop, [this] { return to->writable(); }));
  testing::ResetConnection(std::move(receiver));
  to->SetHandler(nullptr);
  ASSERT_TRUE(testing::RunUntil(loop, [this] { return to->readable(); }));
  from->SetHandler(nullptr);
  testing::SendAll(sender, "bytes");
  ASSERT_TRUE(testing::RunUntil(loop, [this] { return from->readable(); }));
  ASSERT_EQ(from->ReadInto(*pipe, 1000).bytes, 5u);
  EXPECT_EQ(to->WriteFrom(base::AsBytes("<"), *pipe).status, Status::kError);
}

}  // namespace
}  // namespace sluice::net
