#include "sluice/leg/frame_output.h"

#include <gtest/gtest.h>

#include "leg/fake_stream.h"
#include "leg/server_frames.h"

namespace sluice::leg {
namespace {

using leg::testing::FakePeer;
using testing::CloseBody;
using testing::Frame;
using testing::FramesIn;
using testing::Pattern;
using websocket::Opcode;
using OutputStatus = FrameOutput::Status;

class FrameOutputTest : public ::testing::Test {
 protected:
  OutputStatus SendMessage(std::string_view payload) {
    std::string frame(kHeaderRoom, '?');
    frame += payload;
    return output.SendMessage(
        *stream, {reinterpret_cast<uint8_t*>(frame.data()) + kHeaderRoom, payload.size()});
  }
  void RequestPong(std::string_view payload) { output.RequestPong(base::AsBytes(payload)); }
  OutputStatus Flush() { return output.Flush(*stream); }
  std::vector<Frame> Frames() const { return FramesIn(peer.written()); }

  FakePeer peer;
  std::unique_ptr<net::Stream> stream = peer.Connect();
  FrameOutput output{FrameEncoder()};
};

const Frame kA{Opcode::kBinary, "a"};
const Frame kB{Opcode::kBinary, "b"};
const Frame kPongX{Opcode::kPong, "x"};

TEST_F(FrameOutputTest, AMessageIsOneWrite) {
  EXPECT_EQ(SendMessage("a"), OutputStatus::kOk);
  EXPECT_EQ(peer.writes(), 1u);
  EXPECT_EQ(Frames(), (std::vector{kA}));
  EXPECT_TRUE(output.idle());
  EXPECT_EQ(output.size(), 0u);
}

TEST_F(FrameOutputTest, ANotWritableStreamIsNotTried) {
  peer.TakeNothing();
  EXPECT_EQ(SendMessage("a"), OutputStatus::kWouldBlock);
  const size_t tried = peer.writes();
  EXPECT_EQ(SendMessage("b"), OutputStatus::kWouldBlock);
  RequestPong("x");
  EXPECT_EQ(Flush(), OutputStatus::kWouldBlock);
  EXPECT_EQ(peer.writes(), tried);
  EXPECT_EQ(output.size(), 6u);
  EXPECT_FALSE(output.idle());
}

// Wherever the client stops taking, a control frame goes to the next border of frames.
TEST_F(FrameOutputTest, AControlFrameGoesBetweenTheFramesOfABatch) {
  const std::string batch =
      std::string("\x82\x01") + "a" + "\x82\x7e\x01\x2c" + Pattern(300) + "\x82\x01" + "b";
  for (size_t taken = 0; taken <= batch.size(); ++taken) {
    SCOPED_TRACE(taken);
    FakePeer slow;
    const std::unique_ptr<net::Stream> leg = slow.Connect();
    FrameOutput out{FrameEncoder()};
    slow.TakeNothing();
    if (taken != 0) slow.Take(taken);
    const OutputStatus status = out.SendFrames(*leg, base::AsBytes(batch));
    EXPECT_EQ(status, taken == batch.size() ? OutputStatus::kOk : OutputStatus::kWouldBlock);
    out.RequestPong(base::AsBytes("x"));
    slow.Take();
    EXPECT_EQ(out.Flush(*leg), OutputStatus::kOk);
    const auto frames = FramesIn(slow.written());
    ASSERT_EQ(frames.size(), 4u);
    size_t border = 0;  // The first border that is not before what was taken.
    size_t place = 0;
    for (const size_t size : {3u, 304u, 3u}) {
      if (border >= taken) break;
      border += size;
      ++place;
    }
    EXPECT_EQ(frames[place], kPongX);
  }
}

TEST_F(FrameOutputTest, ABatchGoesBehindWhatWaits) {
  peer.TakeNothing();
  SendMessage("a");
  EXPECT_EQ(output.SendFrames(*stream, base::AsBytes("\x82\x01"
                                                     "b")),
            OutputStatus::kWouldBlock);
  peer.Take();
  EXPECT_EQ(Flush(), OutputStatus::kOk);
  EXPECT_EQ(Frames(), (std::vector{kA, kB}));
}

TEST_F(FrameOutputTest, Order) {
  peer.TakeNothing();
  SendMessage("a");
  SendMessage("b");
  peer.Take(1);  // Into the first.
  EXPECT_EQ(Flush(), OutputStatus::kWouldBlock);
  output.RequestClose(1000, "done");
  RequestPong("x");
  output.RequestPing(base::AsBytes("ping"));
  peer.Take();
  EXPECT_EQ(Flush(), OutputStatus::kOk);
  const auto frames = Frames();
  ASSERT_EQ(frames.size(), 5u);
  EXPECT_EQ(frames[0], kA) << "the rest of a frame that has begun";
  EXPECT_EQ(frames[1], kPongX);
  EXPECT_EQ(frames[2].opcode, Opcode::kPing);
  EXPECT_EQ(frames[2].payload.size(), 4u);
  EXPECT_EQ(frames[3], kB);
  EXPECT_EQ(frames[4], (Frame{Opcode::kClose, CloseBody(1000, "done")}));
  EXPECT_TRUE(output.idle());
}

TEST_F(FrameOutputTest, TheSameFramesWhereverAWriteStops) {
  const auto script = [this] {
    output.QueueHead("HEAD");
    SendMessage("a");
    RequestPong("x");
    output.RequestPing(base::AsBytes("ping"));
    SendMessage(Pattern(200));
    SendMessage(Pattern(70'000));
    SendMessage("");
    output.RequestClose(1011, "reason");
  };
  peer.TakeNothing();
  script();
  peer.Take();
  ASSERT_EQ(Flush(), OutputStatus::kOk);
  const std::string wire = peer.written();
  ASSERT_TRUE(wire.starts_with("HEAD"));
  ASSERT_EQ(FramesIn(std::string_view(wire).substr(4)).size(), 7u);

  // Stop at each byte of all that is not the middle of the long payload.
  for (size_t stop = 1; stop < wire.size(); ++stop) {
    if (stop == 400) stop = wire.size() - 100;
    FakePeer other;
    const auto leg = other.Connect();
    stream.swap(const_cast<std::unique_ptr<net::Stream>&>(leg));
    output = FrameOutput(FrameEncoder());
    other.TakeNothing();
    script();
    other.Take(stop);
    ASSERT_EQ(Flush(), OutputStatus::kWouldBlock) << stop;
    ASSERT_EQ(other.written().size(), stop);
    other.Take();
    ASSERT_EQ(Flush(), OutputStatus::kOk) << stop;
    ASSERT_EQ(other.written(), wire) << stop;
    stream.swap(const_cast<std::unique_ptr<net::Stream>&>(leg));
  }
}

TEST_F(FrameOutputTest, OneByteAtATime) {
  peer.max_write = 1;
  SendMessage(Pattern(130));
  RequestPong("x");
  output.RequestPing(base::AsBytes("ping"));
  SendMessage("b");
  output.RequestClose(std::nullopt, {});
  for (int i = 0; i < 300 && Flush() == OutputStatus::kWouldBlock; ++i) peer.Poke();
  EXPECT_TRUE(output.idle());
  const auto frames = Frames();
  ASSERT_EQ(frames.size(), 5u);
  EXPECT_EQ(frames[0].payload, Pattern(130));
  EXPECT_EQ(frames[1], kPongX);
  EXPECT_EQ(frames[2].opcode, Opcode::kPing);
  EXPECT_EQ(frames[3], kB);
  EXPECT_EQ(frames[4], (Frame{Opcode::kClose, ""}));
}

TEST_F(FrameOutputTest, FindsTheNextFrameForEachFormOfLength) {
  for (const size_t size : {0u, 1u, 125u, 126u, 127u, 65'535u, 65'536u, 100'000u}) {
    SCOPED_TRACE(size);
    FakePeer other;
    stream = other.Connect();
    output = FrameOutput(FrameEncoder());
    other.TakeNothing();
    SendMessage(Pattern(size));
    SendMessage("b");
    other.Take(1);
    EXPECT_EQ(Flush(), OutputStatus::kWouldBlock);
    RequestPong("x");  // Must come exactly between the two.
    other.Take();
    EXPECT_EQ(Flush(), OutputStatus::kOk);
    EXPECT_EQ(FramesIn(other.written()),
              (std::vector<Frame>{{Opcode::kBinary, Pattern(size)}, kPongX, kB}));
    stream.reset();
  }
}

TEST_F(FrameOutputTest, AShortWriteOfTheFirstFrameIsRemembered) {
  peer.TakeNothing();
  peer.Take(2);
  EXPECT_EQ(SendMessage("abc"), OutputStatus::kWouldBlock);
  EXPECT_EQ(output.size(), 3u);
  RequestPong("x");
  peer.Take();
  EXPECT_EQ(Flush(), OutputStatus::kOk);
  EXPECT_EQ(Frames(), (std::vector<Frame>{{Opcode::kBinary, "abc"}, kPongX}));
}

TEST_F(FrameOutputTest, ManyPongsAreBoundedAndTheLastIsKept) {
  peer.TakeNothing();
  for (int i = 0; i < 100'000; ++i) RequestPong(std::to_string(i));
  EXPECT_EQ(output.size(), 0u);
  peer.Take();
  EXPECT_EQ(Flush(), OutputStatus::kOk);
  EXPECT_LE(peer.written().size(), 4096u);
  ASSERT_FALSE(Frames().empty());
  EXPECT_EQ(Frames().back(), (Frame{Opcode::kPong, "99999"}));
}

TEST_F(FrameOutputTest, PongsStayBoundedWhenOneIsHalfWritten) {
  peer.TakeNothing();
  const std::string payload(websocket::kMaxControlPayload, 'p');
  for (int i = 0; i < 1000; ++i) {
    RequestPong(payload);
    if (i % 7 == 0) peer.Take(1);
    EXPECT_EQ(Flush(), OutputStatus::kWouldBlock);
    ASSERT_LE(output.size(), 4096u);
  }
  peer.Take();
  EXPECT_EQ(Flush(), OutputStatus::kOk);
  for (const auto& frame : Frames()) EXPECT_EQ(frame, (Frame{Opcode::kPong, payload}));
}

TEST_F(FrameOutputTest, NothingFollowsTheClose) {
  output.RequestClose(1000, "");
  RequestPong("before");
  EXPECT_EQ(Flush(), OutputStatus::kOk);
  RequestPong("behind");
  output.RequestPing(base::AsBytes("ping"));
  EXPECT_EQ(Flush(), OutputStatus::kOk);
  EXPECT_EQ(Frames(),
            (std::vector<Frame>{{Opcode::kPong, "before"}, {Opcode::kClose, CloseBody(1000, "")}}));
  EXPECT_TRUE(output.idle());
}

TEST_F(FrameOutputTest, NothingFollowsACloseThatIsHalfWritten) {
  output.RequestClose(1000, "");
  peer.TakeNothing();
  peer.Take(1);
  EXPECT_EQ(Flush(), OutputStatus::kWouldBlock);
  RequestPong("behind");
  peer.Take();
  EXPECT_EQ(Flush(), OutputStatus::kOk);
  EXPECT_EQ(Frames(), (std::vector<Frame>{{Opcode::kClose, CloseBody(1000, "")}}));
}

TEST_F(FrameOutputTest, ErrorsAreTold) {
  peer.Reset();
  EXPECT_EQ(SendMessage("a"), OutputStatus::kError);
}

TEST_F(FrameOutputTest, ErrorsOfWhatWaitedAreTold) {
  peer.TakeNothing();
  SendMessage("a");
  peer.Reset();
  EXPECT_EQ(Flush(), OutputStatus::kError);
  output.Clear();
  EXPECT_TRUE(output.idle());
  EXPECT_EQ(output.size(), 0u);
}

TEST_F(FrameOutputTest, ErrorsOfControlFramesAreTold) {
  RequestPong("x");
  peer.Reset();
  EXPECT_EQ(Flush(), OutputStatus::kError);
}

}  // namespace
}  // namespace sluice::leg
