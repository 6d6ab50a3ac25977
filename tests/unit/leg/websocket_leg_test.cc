// A WebSocket leg in the client's role. In the server's role it is tested with the session.
#include "sluice/leg/websocket_leg.h"

#include <set>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "leg/websocket_leg_fixture.h"

namespace sluice::leg {
namespace {

using testing::CloseBody;
using testing::FakePeer;
using testing::Pattern;
using testing::ServerFrame;
using testing::Understood;
using testing::UnderstoodClose;
using testing::WebSocketLegTest;
using websocket::Opcode;
using InputStatus = Input::Status;

std::string ServerBinary(std::string payload) {
  return ServerFrame(Opcode::kBinary, std::move(payload));
}
std::string ServerClose(uint16_t code, std::string_view reason = {}) {
  return ServerFrame(Opcode::kClose, CloseBody(code, reason));
}

TEST_F(WebSocketLegTest, ReadsThePayloadHoweverItCame) {
  const std::string long_one = Pattern(100'000);
  const std::string wire = ServerFrame(Opcode::kText, "hello ", false) +
                           ServerFrame(Opcode::kPing, "p") +
                           ServerFrame(Opcode::kContinuation, "world") + ServerBinary("") +
                           ServerBinary(long_one) + ServerFrame(Opcode::kPong, "");
  for (const size_t piece : {1, 7, 4096, 200'000}) {
    FakePeer other;
    leg = NewLeg(other);
    other.Send(wire);
    EXPECT_TRUE(ReadAll(piece) == "hello world" + long_one) << "in pieces of " << piece;
    EXPECT_EQ(Understood(other.written()), " pong\"p\"");
    leg.reset();
  }
}

TEST_F(WebSocketLegTest, WhatFollowedTheAnswerIsReadFirst) {
  const std::string wire = ServerBinary("first");
  Open(wire.substr(0, 4));
  EXPECT_TRUE(leg->stream().readable());
  EXPECT_EQ(leg->held().input, 4u);
  EXPECT_EQ(ReadAll(), "fi");
  peer.Send(wire.substr(4) + ServerBinary("second"));
  EXPECT_EQ(ReadAll(3), "rstsecond");
}

TEST_F(WebSocketLegTest, FramesAreMaskedWithKeysOfTheirOwn) {
  Open();
  std::set<std::string> keys;
  for (int i = 0; i < 500; ++i) {
    const size_t before = peer.written().size();
    ASSERT_EQ(Send("payload").status, Output::Status::kOk);
    keys.insert(peer.written().substr(before + 2, 4));
  }
  EXPECT_GT(keys.size(), 498u);
  EXPECT_EQ(Understood(peer.written().substr(0, 13)), "B\"payload\".");
  EXPECT_EQ(peer.writes(), 500u);
}

TEST_F(WebSocketLegTest, LongPayloadIsAFewMessages) {
  Open();
  const std::string payload = Pattern(200'000);
  Send(payload);
  websocket::testing::Recorder recorder;
  recorder.Feed(peer.written());
  std::string all;
  size_t messages = 0;
  for (const auto& item : recorder.transcript().items) {
    messages += item.kind == websocket::testing::Item::Kind::kBinary;
    if (item.kind == websocket::testing::Item::Kind::kBytes) all += item.payload;
  }
  EXPECT_TRUE(all == payload);
  EXPECT_EQ(messages, 4u);
}

TEST_F(WebSocketLegTest, WhatASlowServerDoesNotTakeIsQueuedAndControlFramesOvertakeIt) {
  Open();
  peer.TakeNothing();
  peer.Take(10'000);
  const std::string payload = Pattern(200'000);
  Send(payload);
  EXPECT_GT(leg->queued(), 190'000u);
  EXPECT_FALSE(leg->HasRoom());
  peer.Send(ServerFrame(Opcode::kPing, "p"));
  ReadAll();
  peer.Take();
  leg->Flush();
  EXPECT_EQ(leg->queued(), 0u);
  EXPECT_TRUE(leg->HasRoom());
  const std::string understood = Understood(peer.written());
  EXPECT_EQ(understood.find(" pong\"p\""), std::string("B\"\".").size() + 64 * 1024)
      << "after the frame that was begun";
}

TEST_F(WebSocketLegTest, AFloodOfPingsCostsBoundedMemoryAndHasItsCost) {
  Open();
  peer.TakeNothing();
  std::string pings;
  for (int i = 0; i < 10'000; ++i) pings += ServerFrame(Opcode::kPing, std::string(100, 'p'));
  peer.Send(pings);
  size_t cost = 0;
  while (leg->stream().readable()) cost += leg->Read(4096).cost;
  EXPECT_GT(cost, pings.size() + 10'000 * 32);
  peer.Take();
  leg->Flush();
  EXPECT_LT(peer.written().size(), 4096u);
}

TEST_F(WebSocketLegTest, AViolationIsReported) {
  Open();
  peer.Send(ServerBinary("good") + websocket::testing::Binary("masked"));
  EXPECT_EQ(ReadAll(), "good");
  EXPECT_EQ(last.status, InputStatus::kFault);
  EXPECT_EQ(last.fault.cause, base::Cause::kProtocolError);
  EXPECT_EQ(last.fault.detail, "a frame from the server is masked (RFC 6455 section 5.1)");
  peer.SendAndEnd("whatever follows");
  EXPECT_EQ(ReadAll(), "") << "is dropped";
  EXPECT_EQ(last.status, InputStatus::kEnd);
}

// ---- The end ----

TEST_F(WebSocketLegTest, AfterOurCloseTheServersBytesBeforeItsOwnAreRead) {
  Open();
  Send("last words");
  Close();
  EXPECT_EQ(Understood(peer.written()), "B\"last words\"." + UnderstoodClose(1000));
  EXPECT_FALSE(leg->Finish());
  EXPECT_FALSE(peer.fin_seen());
  peer.Send(ServerBinary("answer"));
  EXPECT_EQ(ReadAll(), "answer");
  peer.Send(ServerClose(1011));
  EXPECT_EQ(ReadAll(), "");
  EXPECT_EQ(last.status, InputStatus::kClose);
  ASSERT_NE(leg->peer_close(), nullptr);
  EXPECT_TRUE(leg->peer_close()->is_answer);
  EXPECT_FALSE(leg->Finish()) << "the connection is the server's to end";
  EXPECT_FALSE(peer.fin_seen());
  peer.End();
  EXPECT_EQ(ReadAll(), "");
  EXPECT_EQ(last.status, InputStatus::kEnd);
  EXPECT_TRUE(leg->Finish());
}

TEST_F(WebSocketLegTest, ACloseWaitsForWhatTheServerHasNotTaken) {
  Open();
  peer.TakeNothing();
  Send("payload");
  Close(4001, "my own");
  EXPECT_EQ(peer.written(), "");
  peer.Take();
  leg->Flush();
  EXPECT_EQ(Understood(peer.written()), "B\"payload\"." + UnderstoodClose(4001, "my own"));
  Close(1000);
  EXPECT_EQ(Understood(peer.written()), "B\"payload\"." + UnderstoodClose(4001, "my own"))
      << "one Close is enough";
}

TEST_F(WebSocketLegTest, ACloseIsReportedWithItsCodeAndReason) {
  Open();
  EXPECT_EQ(leg->peer_close(), nullptr);
  peer.Send(ServerBinary("tail") + ServerClose(4001, "out of tea"));
  EXPECT_EQ(ReadAll(), "tail");
  EXPECT_EQ(last.status, InputStatus::kClose);
  ASSERT_NE(leg->peer_close(), nullptr);
  EXPECT_EQ(leg->peer_close()->code, 4001);
  EXPECT_EQ(leg->peer_close()->reason, "out of tea");
  EXPECT_FALSE(leg->peer_close()->is_answer);
  EXPECT_EQ(peer.written(), "") << "the session decides on the answer";
}

TEST_F(WebSocketLegTest, AnEmptyCloseHasNoCode) {
  Open();
  peer.Send(ServerFrame(Opcode::kClose, ""));
  ReadAll();
  ASSERT_NE(leg->peer_close(), nullptr);
  EXPECT_EQ(leg->peer_close()->code, std::nullopt);
}

TEST_F(WebSocketLegTest, AnEndWithoutACloseIsALoss) {
  Open();
  peer.SendAndEnd(ServerBinary("cut"));
  EXPECT_EQ(ReadAll(), "cut");
  EXPECT_EQ(last.status, InputStatus::kLost);
  EXPECT_EQ(leg->failure(), "the server ended the connection without a Close frame");
}

TEST_F(WebSocketLegTest, AResetIsALoss) {
  Open();
  peer.Reset();
  EXPECT_EQ(ReadAll(), "");
  EXPECT_EQ(last.status, InputStatus::kLost);
  EXPECT_TRUE(leg->stream().has_ended());
  EXPECT_EQ(Send("x").status, Output::Status::kBroken);
  EXPECT_FALSE(leg->takes_payload());
  EXPECT_TRUE(leg->Finish());
}

TEST_F(WebSocketLegTest, NoMessageIsQueuedForABrokenConnection) {
  options.framing = settings::LinesFraming{};
  Open();
  peer.Reset();
  EXPECT_EQ(Send("a line\nthe beginning of a line").status, Output::Status::kBroken);
  EXPECT_GT(leg->held().output, 0u);
  EXPECT_EQ(leg->EndMessages().status, Output::Status::kOk);
  EXPECT_FALSE(leg->has_output());
}

TEST_F(WebSocketLegTest, AServerThatDoesNotEndTheConnectionIsNotWaitedForForLong) {
  Open();
  Close();
  peer.Send(ServerClose(1000));
  ReadAll();
  EXPECT_FALSE(leg->Finish());
  const base::TimePoint until = leg->gives_up_at();
  EXPECT_LE(until - net::EventLoop::Now(), base::Duration(1'000));
  EXPECT_TRUE(net::testing::RunUntil(loop, [&] { return leg->Finish(); }));
  EXPECT_GE(net::EventLoop::Now(), until);
}

TEST_F(WebSocketLegTest, AServerThatDoesNotAnswerTheCloseIsGivenUp) {
  options.close_total = base::Duration(50);
  Open();
  leg->RequestEnd();
  leg->Flush();
  EXPECT_EQ(Understood(peer.written()), UnderstoodClose(1000)) << "no half-close is agreed";
  const base::TimePoint until = leg->NextCheck();
  EXPECT_EQ(leg->Check(until - base::Duration(1), until), Leg::Liveness::kAlive);
  EXPECT_EQ(leg->Check(until, until), Leg::Liveness::kSilent);
  EXPECT_EQ(leg->failure(), "the server did not answer the Close within timeouts.close_total");
}

// ---- Half-close ----

/// Whether `wire` is one masked frame with `opcode` and no payload.
bool IsEmptyFrame(std::string_view wire, Opcode opcode) {
  return wire.size() == 6 && static_cast<uint8_t>(wire[0]) == (0x80 | static_cast<int>(opcode)) &&
         static_cast<uint8_t>(wire[1]) == 0x80;
}

TEST_F(WebSocketLegTest, OurHalfCloseIsAFrameAndTheServerContinues) {
  Open({}, /*has_half_close=*/true);
  leg->RequestEnd();
  leg->RequestEnd();
  leg->Flush();
  EXPECT_TRUE(IsEmptyFrame(peer.written(), Opcode::kEnd));
  peer.Send(ServerBinary("answer"));
  EXPECT_EQ(ReadAll(), "answer");
  EXPECT_EQ(last.status, InputStatus::kOk);
  Close();
  EXPECT_EQ(Understood(peer.written().substr(6)), UnderstoodClose(1000));
}

TEST_F(WebSocketLegTest, AfterTheServersHalfCloseMessagesAndControlFramesGoOn) {
  Open({}, /*has_half_close=*/true);
  peer.Send(ServerBinary("all") + ServerFrame(Opcode::kEnd, "") + ServerFrame(Opcode::kPing, "1"));
  EXPECT_EQ(ReadAll(), "all");
  EXPECT_EQ(last.status, InputStatus::kHalfClosed);
  Send("late");
  peer.Send(ServerFrame(Opcode::kPing, "2"));
  ReadAll();
  EXPECT_EQ(Understood(peer.written()), " pong\"1\"B\"late\". pong\"2\"");
  peer.End();
  ReadAll();
  EXPECT_EQ(last.status, InputStatus::kLost) << "a half-close is no Close";
}

TEST_F(WebSocketLegTest, ACloseTogetherWithTheHalfCloseIsWhatIsReported) {
  Open({}, /*has_half_close=*/true);
  peer.Send(ServerBinary("all") + ServerFrame(Opcode::kEnd, "") + ServerClose(1011));
  EXPECT_EQ(ReadAll(), "all");
  EXPECT_EQ(last.status, InputStatus::kClose);
}

// ---- Keep-alive ----

TEST_F(WebSocketLegTest, PingsAreSentAndAnswersKeepItAlive) {
  options.keepalive.ping_interval = base::Duration(20);
  options.keepalive.pong_timeout = base::Duration(5'000);
  Open();
  size_t answered = 0;
  for (int i = 0; i < 3; ++i) {
    const base::TimePoint now = leg->NextCheck();
    EXPECT_EQ(leg->Check(now, now), Leg::Liveness::kAlive);
    leg->Flush();
    websocket::testing::Recorder recorder;
    recorder.Feed(peer.written());
    const auto& items = recorder.transcript().items;
    for (; answered < items.size(); ++answered) {
      EXPECT_EQ(items[answered].kind, websocket::testing::Item::Kind::kPing);
      peer.Send(ServerFrame(Opcode::kPong, items[answered].payload));
    }
    EXPECT_TRUE(net::testing::RunUntil(loop, [&] { return net::EventLoop::Now() >= now; }));
    ReadAll();
  }
  EXPECT_EQ(answered, 3u);
}

TEST_F(WebSocketLegTest, APingReleasesTheCompressorIfThereWasNoPayloadForHalfAnInterval) {
  constexpr base::Duration kInterval(1'000);
  options.keepalive.ping_interval = kInterval;
  agreement = websocket::DeflateAgreement{.server_context_takeover = true};
  for (const bool is_idle : {false, true}) {
    FakePeer server;
    leg = NewLeg(server);
    Send(Pattern(2'000));
    EXPECT_EQ(workspace.zlib.idle_deflate(), 0u);
    const base::TimePoint now = leg->NextCheck();
    const base::Duration quiet = is_idle ? kInterval / 2 : kInterval / 2 - base::Duration(1);
    leg->Check(now, now - quiet);
    EXPECT_EQ(workspace.zlib.idle_deflate(), is_idle ? 1u : 0u);
    leg.reset();
  }
}

TEST_F(WebSocketLegTest, AServerThatAnswersNoPingIsGivenUp) {
  options.keepalive.ping_interval = base::Duration(10);
  options.keepalive.pong_timeout = base::Duration(10);
  Open();
  auto alive = Leg::Liveness::kAlive;
  for (int i = 0; i < 3 && alive == Leg::Liveness::kAlive; ++i) {
    const base::TimePoint now = leg->NextCheck();
    alive = leg->Check(now, now);
  }
  EXPECT_EQ(alive, Leg::Liveness::kNoPong);
  EXPECT_EQ(leg->failure(), "the server did not answer a ping in time");
}

TEST_F(WebSocketLegTest, NothingIsHeldAgainstAServerThatIsNotRead) {
  options.keepalive.ping_interval = base::Duration(5);
  options.keepalive.pong_timeout = base::Duration(5);
  Open();
  peer.Send(ServerBinary("unread"));
  for (int i = 0; i < 10; ++i) {
    const base::TimePoint now = leg->NextCheck();
    EXPECT_EQ(leg->Check(now, now), Leg::Liveness::kAlive);
  }
  EXPECT_EQ(ReadAll(), "unread");
}

}  // namespace
}  // namespace sluice::leg
