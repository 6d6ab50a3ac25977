#include "sluice/net/tcp_stream.h"

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>

#include "net/run_loop.h"
#include "net/sockets.h"

namespace sluice::net {
namespace {

using testing::Available;
using testing::ResetConnection;
using testing::RunTurns;
using testing::RunUntil;
using testing::SendAll;
using Status = IoResult::Status;

/// Returns the epoll events for which this process watches `fd`, 0 if it does not watch it.
uint32_t WatchedFor(int fd) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fdinfo")) {
    std::ifstream info(entry.path());
    for (std::string line; std::getline(info, line);) {
      int watched = -1;
      unsigned events = 0;
      if (sscanf(line.c_str(), "tfd: %d events: %x", &watched, &events) == 2 && watched == fd) {
        return events & (EPOLLIN | EPOLLOUT | EPOLLET);
      }
    }
  }
  return 0;
}

enum class Family { kUnix, kTcp };

class TcpStreamTest : public ::testing::TestWithParam<Family>, protected StreamHandler {
 protected:
  void SetUp() override {
    Fd ours;
    if (GetParam() == Family::kUnix) {
      std::tie(ours, peer) = testing::Pair();
    } else {
      const Fd listener = testing::ListeningOnLoopback();
      ours = testing::ConnectTo(testing::PortOf(listener));
      ConfigureForRelay(ours);
      peer = testing::AcceptFrom(listener);
      ASSERT_EQ(fcntl(ours.get(), F_SETFL, O_NONBLOCK), 0);
    }
    descriptor = ours.get();
    stream = std::make_unique<TcpStream>(loop, std::move(ours));
    stream->SetHandler(this);
  }
  void OnStreamReady() override {
    ++told;
    if (on_ready) on_ready();
  }

  IoResult Read(size_t size = 1000) {
    buffer.resize(size);
    return stream->Read({reinterpret_cast<uint8_t*>(buffer.data()), size});
  }
  IoResult Write(std::string_view text) { return stream->Write(base::AsBytes(text)); }
  /// Reads as a session does: only when told to, as often as there is something.
  void ReadWhenReadable(size_t size = 1000) {
    while (stream->readable()) {
      const IoResult got = Read(size);
      if (got.status == Status::kOk) all.append(buffer, 0, got.bytes);
      if (got.status == Status::kEnd) ended = true;
      if (got.status == Status::kError) error = got.error;
      if (got.status != Status::kOk) return;
    }
  }

  EventLoop loop;
  Fd peer;
  int descriptor = -1;  // The stream's.
  std::unique_ptr<TcpStream> stream;
  std::string buffer;
  std::string all;
  bool ended = false;
  int error = 0;
  int told = 0;
  std::function<void()> on_ready;
};

INSTANTIATE_TEST_SUITE_P(Sockets, TcpStreamTest, ::testing::Values(Family::kUnix, Family::kTcp),
                         [](const auto& family) {
                           return family.param == Family::kUnix ? "Unix" : "Tcp";
                         });

/// What a Unix socket has not: a reset at will.
class TcpResetTest : public TcpStreamTest {};
INSTANTIATE_TEST_SUITE_P(Sockets, TcpResetTest, ::testing::Values(Family::kTcp));

TEST_P(TcpResetTest, APeerThatTakesNothingLeavesLittleUnsent) {
  const std::string chunk(64 * 1024, 'x');
  int unsent = 0;
  // The peer's window opens in steps for a while.
  EXPECT_TRUE(RunUntil(loop, [&] {
    bool has_written = false;
    while (stream->writable()) has_written = Write(chunk).bytes != 0 || has_written;
    tcp_info info{};
    socklen_t size = sizeof(info);
    EXPECT_EQ(getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size), 0);
    EXPECT_EQ(ioctl(descriptor, SIOCOUTQNSD, &unsent), 0);
    // The window is closed, and nothing is under way.
    return !has_written && unsent > 0 && info.tcpi_unacked == 0;
  }));
  EXPECT_LE(unsent, kMostUnsent + 128 * 1024);
}

TEST_P(TcpResetTest, AFixedBufferIsFixedAndMayBeTunedAgain) {
  const auto value = [this](int name) {
    int size = 0;
    socklen_t length = sizeof(size);
    EXPECT_EQ(getsockopt(descriptor, SOL_SOCKET, name, &size, &length), 0);
    return size;
  };
  SetSocketBuffer(descriptor, 32 * 1024);
  EXPECT_EQ(value(SO_RCVBUF), 64 * 1024) << "the kernel doubles it for its overhead";
  EXPECT_EQ(value(SO_SNDBUF), 64 * 1024);
  EXPECT_NE(value(SO_BUF_LOCK), 0);
  SetSocketBuffer(descriptor, 0);
  EXPECT_EQ(value(SO_BUF_LOCK), 0);
}

TEST_P(TcpStreamTest, IsWritableFirstAndNotReadable) {
  ASSERT_TRUE(RunUntil(loop, [this] { return stream->writable(); }));
  EXPECT_FALSE(stream->readable());
  EXPECT_EQ(Read().status, Status::kWouldBlock);
}

TEST_P(TcpStreamTest, ReadsWhatComes) {
  on_ready = [this] { ReadWhenReadable(); };
  SendAll(peer, "one");
  ASSERT_TRUE(RunUntil(loop, [this] { return all == "one"; }));
  EXPECT_FALSE(stream->readable()) << "a short read has emptied the socket";
  SendAll(peer, "two");
  ASSERT_TRUE(RunUntil(loop, [this] { return all == "onetwo"; }));
}

TEST_P(TcpStreamTest, AFullReadLeavesItReadable) {
  SendAll(peer, "abcdef");
  ASSERT_TRUE(RunUntil(loop, [this] { return stream->readable(); }));
  EXPECT_EQ(Read(3).bytes, 3u);
  EXPECT_TRUE(stream->readable());
  EXPECT_EQ(Read(3).bytes, 3u);
  if (stream->readable()) {
    EXPECT_EQ(Read(3).status, Status::kWouldBlock);
  }
  EXPECT_FALSE(stream->readable());
}

TEST_P(TcpStreamTest, ReadinessWaitsForAReaderThatWasPaused) {
  SendAll(peer, "kept");
  ASSERT_TRUE(RunUntil(loop, [this] { return stream->readable(); }));
  RunTurns(loop, 3);
  EXPECT_TRUE(stream->readable());
  ReadWhenReadable();
  EXPECT_EQ(all, "kept");
}

TEST_P(TcpStreamTest, APausedReaderDoesNotKeepTheLoopAwake) {
  SendAll(peer, "kept");
  ASSERT_TRUE(RunUntil(loop, [this] { return stream->readable(); }));
  RunTurns(loop, 5);
  EXPECT_EQ(WatchedFor(descriptor), uint32_t{EPOLLIN | EPOLLET});
  const int before = told;
  RunTurns(loop, 3);
  EXPECT_EQ(told, before);
  SendAll(peer, " and more");
  RunTurns(loop, 3);
  EXPECT_LE(told, before + 1);

  ReadWhenReadable();
  EXPECT_EQ(all, "kept and more");
  EXPECT_EQ(WatchedFor(descriptor), uint32_t{EPOLLIN});
  on_ready = [this] { ReadWhenReadable(); };
  SendAll(peer, ", and the rest");
  ASSERT_TRUE(RunUntil(loop, [this] { return all == "kept and more, and the rest"; }));
}

TEST_P(TcpStreamTest, AnEndThatWasReadDoesNotKeepTheLoopAwake) {
  on_ready = [this] { ReadWhenReadable(); };
  shutdown(peer.get(), SHUT_WR);
  ASSERT_TRUE(RunUntil(loop, [this] { return ended; }));
  EXPECT_EQ(WatchedFor(descriptor), 0u);
  EXPECT_EQ(Read().status, Status::kEnd);
  EXPECT_EQ(WatchedFor(descriptor), 0u);
}

TEST_P(TcpStreamTest, AFinInTheSameSegmentIsNotLost) {
  on_ready = [this] { ReadWhenReadable(); };
  SendAll(peer, "last");
  shutdown(peer.get(), SHUT_WR);
  ASSERT_TRUE(RunUntil(loop, [this] { return ended; }));
  EXPECT_EQ(all, "last");
}

TEST_P(TcpStreamTest, AFinThatComesLaterIsSeen) {
  on_ready = [this] { ReadWhenReadable(); };
  SendAll(peer, "last");
  ASSERT_TRUE(RunUntil(loop, [this] { return all == "last"; }));
  shutdown(peer.get(), SHUT_WR);
  ASSERT_TRUE(RunUntil(loop, [this] { return ended; }));
  // Half-closed: the other direction lives.
  EXPECT_EQ(Write("answer").bytes, 6u);
  EXPECT_EQ(Available(peer), "answer");
}

TEST_P(TcpResetTest, AResetIsSeen) {
  on_ready = [this] { ReadWhenReadable(); };
  RunTurns(loop, 2);
  ResetConnection(std::move(peer));
  ASSERT_TRUE(RunUntil(loop, [this] { return error != 0 || ended; }));
  EXPECT_EQ(error, ECONNRESET);
}

TEST_P(TcpResetTest, APausedReaderHearsOfAReset) {
  SendAll(peer, "unread");
  ASSERT_TRUE(RunUntil(loop, [this] { return stream->readable(); }));
  RunTurns(loop, 3);
  const int before = told;
  ResetConnection(std::move(peer));
  ASSERT_TRUE(RunUntil(loop, [&] { return told > before; }));
  EXPECT_TRUE(stream->IsReset());
  const int after = told;
  RunTurns(loop, 3);
  EXPECT_LE(told, after + 1) << "once, not in every turn";
}

TEST_P(TcpResetTest, APausedReaderThatIsBlockedHearsOfAReset) {
  SendAll(peer, "unread");
  ASSERT_TRUE(RunUntil(loop, [this] { return stream->readable(); }));
  RunTurns(loop, 3);
  const std::string piece(64 * 1024, 'x');
  RunUntil(loop, [&] {
    while (stream->writable()) Write(piece);
    int unsent = 0;
    EXPECT_EQ(ioctl(descriptor, SIOCOUTQNSD, &unsent), 0);
    return unsent > 0;
  });
  EXPECT_FALSE(stream->writable());
  ResetConnection(std::move(peer));
  ASSERT_TRUE(RunUntil(loop, [this] { return stream->writable() && stream->IsReset(); }));
  RunTurns(loop, 3);
  const int after = told;
  RunTurns(loop, 3);
  EXPECT_EQ(told, after);
}

TEST_P(TcpResetTest, AResetRightBehindDataIsNotLost) {
  on_ready = [this] { ReadWhenReadable(); };
  RunTurns(loop, 2);
  SendAll(peer, "last");
  ResetConnection(std::move(peer));  // Both are in the socket when the loop looks.
  ASSERT_TRUE(RunUntil(loop, [this] { return error != 0 || ended; })) << "read: " << all;
  EXPECT_EQ(all, "last");
}

TEST_P(TcpResetTest, UrgentDataStaysInItsPlaceAndHidesNothing) {
  // A read stops short at its mark, with more behind it.
  on_ready = [this] { ReadWhenReadable(); };
  RunTurns(loop, 2);
  SendAll(peer, "before ");
  ASSERT_EQ(send(peer.get(), "!", 1, MSG_OOB), 1);
  SendAll(peer, " behind");
  ASSERT_TRUE(RunUntil(loop, [this] { return all.size() == 15; })) << "read: " << all;
  EXPECT_EQ(all, "before ! behind");
  SendAll(peer, ", and on");
  ASSERT_TRUE(RunUntil(loop, [this] { return all == "before ! behind, and on"; }));
}

TEST_P(TcpStreamTest, AStreamThatIsDestroyedInTheTurnIsNotTold) {
  // Both sockets are reported in the same turn, and whichever is told first destroys the other.
  auto [ours, others_peer] = testing::Pair();
  struct Other final : StreamHandler {
    void OnStreamReady() override { on_ready(); }
    std::function<void()> on_ready;
  } other_handler;
  auto other = std::make_unique<TcpStream>(loop, std::move(ours));
  other->SetHandler(&other_handler);
  on_ready = [&] { other.reset(); };
  other_handler.on_ready = [&] { stream.reset(); };
  SendAll(peer, "x");
  SendAll(others_peer, "x");
  ASSERT_TRUE(RunUntil(loop, [&] { return !stream || !other; }));
  RunTurns(loop, 3);
  EXPECT_TRUE(stream || other) << "both were told";
}

TEST_P(TcpStreamTest, ACloseWithUnreadBytesIsNotLost) {
  // What a server does that answers without having read the whole request: data, then a reset.
  on_ready = [this] { ReadWhenReadable(); };
  RunTurns(loop, 2);
  ASSERT_EQ(Write("unread").status, Status::kOk);
  SendAll(peer, "error: too many");
  peer.Reset();
  ASSERT_TRUE(RunUntil(loop, [this] { return error != 0 || ended; })) << "read: " << all;
}

TEST_P(TcpStreamTest, AWriteToABrokenConnectionFailsAndTheEndCanBeRead) {
  RunTurns(loop, 2);
  peer.Reset();
  IoResult sent;
  ASSERT_TRUE(RunUntil(loop, [&] {
    sent = Write("x");
    return sent.status == Status::kError;
  }));
  EXPECT_TRUE(sent.error == EPIPE || sent.error == ECONNRESET) << sent.error;
  on_ready = [this] { ReadWhenReadable(); };
  ReadWhenReadable();
  ASSERT_TRUE(RunUntil(loop, [this] { return error != 0 || ended; }));
}

TEST_P(TcpStreamTest, IsWritableAgainWhenThePeerHasRead) {
  ASSERT_TRUE(RunUntil(loop, [this] { return stream->writable(); }));
  const std::string piece(64 * 1024, 'x');
  size_t sent = 0;
  while (stream->writable()) sent += Write(piece).bytes;
  EXPECT_GT(sent, 0u);
  const int before = told;
  RunTurns(loop, 3);
  EXPECT_FALSE(stream->writable());
  EXPECT_EQ(told, before);
  EXPECT_EQ(WatchedFor(descriptor), uint32_t{EPOLLIN | EPOLLOUT});

  size_t received = 0;
  ASSERT_TRUE(RunUntil(loop, [&] {
    received += Available(peer).size();
    return stream->writable();
  }));
  EXPECT_GT(told, before);
  EXPECT_EQ(WatchedFor(descriptor), uint32_t{EPOLLIN});
  ASSERT_TRUE(RunUntil(loop, [&] { return (received += Available(peer).size()) == sent; }));
  EXPECT_EQ(stream->UnacknowledgedBytes(), 0u);
}

TEST_P(TcpStreamTest, CountsWhatThePeerHasNotTaken) {
  ASSERT_TRUE(RunUntil(loop, [this] { return stream->writable(); }));
  const std::string piece(64 * 1024, 'x');
  uint64_t sent = 0;
  while (stream->writable()) sent += Write(piece).bytes;
  EXPECT_GT(stream->UnacknowledgedBytes(), 0u);
  EXPECT_EQ(stream->bytes_written(), sent);
}

TEST_P(TcpStreamTest, ShutdownComesBehindTheBytes) {
  ASSERT_EQ(Write("all").status, Status::kOk);
  stream->ShutdownWrite();
  ASSERT_TRUE(RunUntil(loop, [&] { return (all += Available(peer)) == "all"; }));
  ASSERT_TRUE(RunUntil(loop, [&] { return testing::AtEnd(peer); }));
  SendAll(peer, "and back");
  on_ready = [this] { ReadWhenReadable(); };
  all.clear();
  ASSERT_TRUE(RunUntil(loop, [this] { return all == "and back"; }));
}

TEST_P(TcpStreamTest, TheHandlerMayDestroyTheStream) {
  on_ready = [this] { stream.reset(); };
  SendAll(peer, "x");
  ASSERT_TRUE(RunUntil(loop, [this] { return stream == nullptr; }));
  const int before = told;
  RunTurns(loop, 3);
  EXPECT_EQ(told, before);
}

TEST_P(TcpStreamTest, NobodyIsToldWithoutAHandler) {
  stream->SetHandler(nullptr);
  SendAll(peer, "x");
  ASSERT_TRUE(RunUntil(loop, [this] { return stream->readable(); }));
  EXPECT_EQ(told, 0);
}

TEST_P(TcpStreamTest, OptionsAreSetOrDoNotMatter) {
  stream->ProbeWhileIdle(std::chrono::seconds(30));
  EXPECT_EQ(stream->ConnectError(), 0);
  EXPECT_EQ(Write("x").bytes, 1u);
}

}  // namespace
}  // namespace sluice::net
