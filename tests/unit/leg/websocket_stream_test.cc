// A WebSocket in the client's role, over a stream that the test plays the server of.
#include "sluice/leg/websocket_stream.h"

#include <array>
#include <cerrno>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/websocket/zlib_pool.h"

#include "leg/fake_stream.h"
#include "net/run_loop.h"
#include "websocket/client_frames.h"
#include "websocket/transcript.h"

namespace sluice::leg {
namespace {

using leg::testing::FakePeer;
using net::testing::RunUntil;
using ::testing::HasSubstr;
using websocket::Opcode;
using websocket::testing::BigEndian;
using websocket::testing::ClientFrame;
using Status = net::IoResult::Status;

/// As a server sends it.
std::string Frame(Opcode opcode, std::string payload, bool fin = true) {
  return ClientFrame{.opcode = opcode, .payload = std::move(payload), .fin = fin, .masked = false}
      .Bytes();
}
std::string Binary(std::string payload) {
  return Frame(Opcode::kBinary, std::move(payload));
}
std::string Close(uint16_t code, std::string_view reason = {}) {
  return Frame(Opcode::kClose, BigEndian(code, 2).append(reason));
}

/// What a server understands of what we sent: every frame masked. `T"text".` and so on.
std::string Understood(std::string_view wire) {
  websocket::testing::Recorder recorder;
  recorder.Feed(wire);
  const std::string text = ToString(recorder.transcript());
  return text.substr(0, text.rfind(" ("));
}

std::string Pattern(size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>((i * 31) ^ (i >> 8));
  return bytes;
}

class Handler final : public net::StreamHandler {
 public:
  void OnStreamReady() override { ++calls; }
  int calls = 0;
};

class WebSocketStreamTest : public ::testing::Test {
 protected:
  WebSocketStreamTest() { options.keepalive.ping_interval = base::Duration(0); }

  WebSocketStream& Open(std::string_view received = {}, bool has_half_close = false) {
    const auto early = base::AsBytes(received);
    stream = std::make_unique<WebSocketStream>(
        loop, peer.Connect(), buffers, options, MessageCodec::New(zlib, options, std::nullopt),
        std::vector<uint8_t>(early.begin(), early.end()), has_half_close);
    stream->SetHandler(&handler);
    return *stream;
  }

  /// Reads all that there is, in pieces of `piece` bytes at most.
  std::string ReadAll(size_t piece = 4096) {
    std::string all;
    std::vector<uint8_t> buffer(piece);
    while (stream->readable()) {
      last = stream->Read(buffer);
      if (last.status != Status::kOk) break;
      all += base::AsText(base::Bytes(buffer).first(last.bytes));
    }
    return all;
  }

  net::IoResult Write(std::string_view bytes) { return stream->Write(base::AsBytes(bytes)); }

  net::EventLoop loop;
  workspace::WebSocketBuffers buffers;
  websocket::ZlibPool zlib;
  settings::SessionOptions options;
  FakePeer peer;
  Handler handler;
  std::unique_ptr<WebSocketStream> stream;
  net::IoResult last;
};

TEST_F(WebSocketStreamTest, ReadsThePayloadHoweverItCame) {
  const std::string long_one = Pattern(100'000);
  const std::string wire = Frame(Opcode::kText, "hello ", false) + Frame(Opcode::kPing, "p") +
                           Frame(Opcode::kContinuation, "world") + Binary("") + Binary(long_one) +
                           Frame(Opcode::kPong, "");
  for (const size_t piece : {1, 7, 4096, 300'000}) {
    FakePeer other;
    stream = std::make_unique<WebSocketStream>(loop, other.Connect(), buffers, options, nullptr,
                                               std::vector<uint8_t>());
    other.Send(wire);
    EXPECT_TRUE(ReadAll(piece) == "hello world" + long_one) << "in pieces of " << piece;
    EXPECT_NE(last.status, Status::kError);
    EXPECT_EQ(Understood(other.written()), " pong\"p\"");
    stream.reset();
  }
}

TEST_F(WebSocketStreamTest, WhatCameBehindTheAnswerIsReadFirst) {
  const std::string wire = Binary("first");
  Open(wire.substr(0, 4));
  EXPECT_TRUE(stream->readable());
  EXPECT_EQ(ReadAll(), "fi");
  peer.Send(wire.substr(4) + Binary("second"));
  EXPECT_EQ(ReadAll(3), "rstsecond");
}

TEST_F(WebSocketStreamTest, WritesAreMaskedWithKeysOfTheirOwn) {
  Open();
  std::set<std::string> keys;
  for (int i = 0; i < 500; ++i) {
    const size_t before = peer.written().size();
    ASSERT_EQ(Write("payload").bytes, 7u);
    keys.insert(peer.written().substr(before + 2, 4));
  }
  EXPECT_GT(keys.size(), 498u);
  EXPECT_EQ(Understood(peer.written().substr(0, 13)), "B\"payload\".");
  EXPECT_EQ(peer.writes(), 500u);
}

TEST_F(WebSocketStreamTest, ALongWriteIsAFewMessages) {
  Open();
  const std::string payload = Pattern(200'000);
  EXPECT_EQ(Write(payload).bytes, payload.size());
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

TEST_F(WebSocketStreamTest, ASlowServerCostsOneFrame) {
  Open();
  peer.TakeNothing();
  peer.Take(10'000);
  const std::string payload = Pattern(200'000);
  const net::IoResult sent = Write(payload);
  EXPECT_EQ(sent.bytes, 64u * 1024);
  EXPECT_FALSE(stream->writable());
  EXPECT_TRUE(stream->HasUnsent());
  EXPECT_EQ(Write("x").status, Status::kWouldBlock);
  EXPECT_EQ(stream->bytes_written() - stream->UnacknowledgedBytes(), 10'000u);
  const int calls = handler.calls;
  peer.Take();
  EXPECT_GT(handler.calls, calls);
  EXPECT_TRUE(stream->writable());
  EXPECT_FALSE(stream->HasUnsent());
  EXPECT_EQ(Understood(peer.written()), "B\"" + payload.substr(0, 64 * 1024) + "\".");
}

TEST_F(WebSocketStreamTest, AFloodOfPingsIsNotReadWhileNoPongIsTaken) {
  Open();
  peer.TakeNothing();
  std::string pings;
  for (int i = 0; i < 10'000; ++i) pings += Frame(Opcode::kPing, std::string(100, 'p'));
  peer.Send(pings);
  EXPECT_EQ(ReadAll(), "");
  EXPECT_FALSE(stream->readable());
  EXPECT_LT(stream->UnacknowledgedBytes(), 200u * 1024);
  EXPECT_GT(peer.unread(), 0u);
}

TEST_F(WebSocketStreamTest, FramesWithoutPayloadForEverAreAnError) {
  Open();
  std::string empty;
  for (int i = 0; i < 100'000; ++i) empty += Binary("");
  peer.Send(empty);
  EXPECT_EQ(ReadAll(), "");
  EXPECT_EQ(last.status, Status::kError);
  EXPECT_EQ(stream->failure(), "the server sends frames without any payload");
}

TEST_F(WebSocketStreamTest, AViolationIsTold) {
  Open();
  peer.Send(Binary("good") + websocket::testing::Binary("masked"));
  EXPECT_EQ(ReadAll(), "good");
  EXPECT_EQ(last.status, Status::kError);
  EXPECT_EQ(stream->failure(), "a frame from the server is masked (RFC 6455 section 5.1)");
  EXPECT_EQ(Understood(peer.written()), " close\"" + BigEndian(1002, 2) + "\"");
}

TEST_F(WebSocketStreamTest, ShutdownSendsACloseAndTheServersBytesBeforeItsOwnAreRead) {
  Open();
  Write("last words");
  stream->ShutdownWrite();
  EXPECT_EQ(Understood(peer.written()), "B\"last words\". close\"" + BigEndian(1000, 2) + "\"");
  EXPECT_FALSE(peer.fin_seen());
  peer.Send(Binary("answer"));
  EXPECT_EQ(ReadAll(), "answer");
  peer.Send(Close(1000));
  EXPECT_EQ(ReadAll(), "");
  EXPECT_EQ(last.status, Status::kEnd);
  EXPECT_FALSE(stream->readable());
  // The connection is the server's to end.
  EXPECT_TRUE(stream->HasUnsent());
  peer.End();
  EXPECT_FALSE(stream->HasUnsent());
  EXPECT_TRUE(peer.end_was_read());
}

TEST_F(WebSocketStreamTest, ACloseWaitsBehindWhatTheServerHasNotTaken) {
  Open();
  peer.TakeNothing();
  Write("payload");
  stream->ShutdownWrite();
  EXPECT_EQ(peer.written(), "");
  peer.Take();
  EXPECT_EQ(Understood(peer.written()), "B\"payload\". close\"" + BigEndian(1000, 2) + "\"");
}

TEST_F(WebSocketStreamTest, AGoodCloseIsEchoedAndIsAnEndInGoodOrder) {
  for (const std::string& close : {Close(1000, "bye"), Close(1001), Frame(Opcode::kClose, "")}) {
    FakePeer other;
    stream = std::make_unique<WebSocketStream>(loop, other.Connect(), buffers, options, nullptr,
                                               std::vector<uint8_t>());
    other.Send(Binary("tail") + close);
    EXPECT_EQ(ReadAll(), "tail");
    EXPECT_EQ(last.status, Status::kEnd);
    const std::string code = close.size() > 2 ? '"' + close.substr(2, 2) + '"' : "";
    EXPECT_EQ(Understood(other.written()), " close" + code);
    // What is written now goes nowhere, as with any peer that has just closed.
    EXPECT_EQ(Write("late").error, EPIPE) << "no one takes it";
    stream->ShutdownWrite();
    EXPECT_EQ(Understood(other.written()), " close" + code);
    stream.reset();
  }
}

TEST_F(WebSocketStreamTest, OtherCodesAreErrorsThatTellTheReason) {
  Open();
  peer.Send(Close(1011, "out of tea"));
  EXPECT_EQ(ReadAll(), "");
  EXPECT_EQ(last.status, Status::kError);
  EXPECT_EQ(stream->failure(), "the server closed with code 1011: out of tea");
}

TEST_F(WebSocketStreamTest, ACodeOfAnApplicationIsReported) {
  Open();
  EXPECT_EQ(stream->application_close(), nullptr);
  peer.Send(Close(4001, "out of tea"));
  EXPECT_EQ(ReadAll(), "");
  EXPECT_EQ(last.status, Status::kError);
  EXPECT_EQ(stream->failure(), "the server closed with code 4001: out of tea");
  ASSERT_NE(stream->application_close(), nullptr);
  EXPECT_EQ(stream->application_close()->code, 4001);
  EXPECT_EQ(stream->application_close()->reason, "out of tea");
}

TEST_F(WebSocketStreamTest, ACodeOfAnApplicationIsSent) {
  Open();
  stream->SetApplicationClose({4001, "my own"});
  stream->ShutdownWrite();
  EXPECT_EQ(Understood(peer.written()), " close\"" + BigEndian(4001, 2) + "my own\"");
}

// ---- Half-close ----

/// Whether `wire` is one masked frame with `opcode` and no payload.
bool IsEmptyFrame(std::string_view wire, Opcode opcode) {
  return wire.size() == 6 && static_cast<uint8_t>(wire[0]) == (0x80 | static_cast<int>(opcode)) &&
         static_cast<uint8_t>(wire[1]) == 0x80;
}

TEST_F(WebSocketStreamTest, OurHalfCloseIsAFrameAndTheServerGoesOn) {
  Open({}, /*has_half_close=*/true);
  EXPECT_FALSE(stream->HalfClose());
  EXPECT_TRUE(IsEmptyFrame(peer.written(), Opcode::kEnd));
  peer.Send(Binary("answer"));
  EXPECT_EQ(ReadAll(), "answer");
  EXPECT_EQ(last.status, Status::kOk);
  peer.Send(Close(1000));
  EXPECT_EQ(ReadAll(), "");
  EXPECT_EQ(last.status, Status::kEnd);
  EXPECT_EQ(Understood(peer.written().substr(6)), " close\"" + BigEndian(1000, 2) + '"');
}

TEST_F(WebSocketStreamTest, WithoutAgreementAHalfCloseIsAClose) {
  Open();
  EXPECT_TRUE(stream->HalfClose());
  EXPECT_EQ(Understood(peer.written()), " close\"" + BigEndian(1000, 2) + '"');
}

TEST_F(WebSocketStreamTest, AfterTheServersHalfCloseWritesAndControlFramesGoOn) {
  Open({}, /*has_half_close=*/true);
  peer.Send(Binary("all") + Frame(Opcode::kEnd, "") + Frame(Opcode::kPing, "1"));
  EXPECT_EQ(ReadAll(), "all");
  EXPECT_EQ(last.status, Status::kEnd);
  EXPECT_FALSE(stream->readable());
  EXPECT_EQ(Write("late").bytes, 4u);
  peer.Send(Frame(Opcode::kPing, "2"));
  EXPECT_FALSE(stream->HasUnsent());
  stream->ShutdownWrite();
  EXPECT_EQ(Understood(peer.written()),
            " pong\"1\"B\"late\". pong\"2\" close\"" + BigEndian(1000, 2) + '"');
  EXPECT_TRUE(stream->HasUnsent()) << "the server ends the connection first";
  peer.SendAndEnd(Close(1000));
  EXPECT_FALSE(stream->HasUnsent());
}

TEST_F(WebSocketStreamTest, ALossAfterTheServersHalfCloseFailsTheNextWrite) {
  Open({}, /*has_half_close=*/true);
  peer.Send(Frame(Opcode::kEnd, ""));
  EXPECT_EQ(ReadAll(), "");
  EXPECT_EQ(last.status, Status::kEnd);
  peer.End();
  EXPECT_EQ(Write("late").status, Status::kError);
  EXPECT_EQ(stream->failure(), "the server ended the connection without a Close frame");
}

TEST_F(WebSocketStreamTest, ACloseAfterTheServersHalfCloseIsReadAndFailsTheNextWrite) {
  Open({}, /*has_half_close=*/true);
  peer.Send(Frame(Opcode::kEnd, ""));
  EXPECT_EQ(ReadAll(), "");
  EXPECT_EQ(last.status, Status::kEnd);
  EXPECT_FALSE(stream->HasPeerLeft());
  peer.Send(Close(4001, "out of tea"));
  EXPECT_TRUE(stream->HasPeerLeft());
  EXPECT_EQ(Write("late").error, EPIPE);
  std::array<uint8_t, 1> none;
  EXPECT_EQ(stream->Read(none).status, Status::kError);
  ASSERT_NE(stream->application_close(), nullptr);
  EXPECT_EQ(stream->application_close()->code, 4001);
  EXPECT_EQ(stream->application_close()->reason, "out of tea");
  EXPECT_EQ(Understood(peer.written()), " close\"" + BigEndian(4001, 2) + '"');
}

TEST_F(WebSocketStreamTest, ACloseTogetherWithTheHalfCloseIsTheEndThatIsRead) {
  for (const auto& [code, status] : {std::pair<uint16_t, Status>{1000, Status::kEnd},
                                     std::pair<uint16_t, Status>{1011, Status::kError}}) {
    FakePeer other;
    stream = std::make_unique<WebSocketStream>(loop, other.Connect(), buffers, options, nullptr,
                                               std::vector<uint8_t>(), /*has_half_close=*/true);
    other.Send(Binary("all") + Frame(Opcode::kEnd, "") + Close(code));
    EXPECT_EQ(ReadAll(), "all");
    EXPECT_EQ(last.status, status) << code;
    EXPECT_TRUE(stream->HasPeerLeft());
    stream.reset();
  }
}

TEST_F(WebSocketStreamTest, AnEndWithoutACloseIsAnError) {
  Open();
  peer.SendAndEnd(Binary("cut"));
  EXPECT_EQ(ReadAll(), "cut");
  EXPECT_EQ(last.status, Status::kError);
  EXPECT_EQ(stream->failure(), "the server ended the connection without a Close frame");
  stream->ShutdownWrite();
  EXPECT_FALSE(stream->HasUnsent());
}

TEST_F(WebSocketStreamTest, AResetIsAnError) {
  Open();
  peer.Reset();
  EXPECT_EQ(ReadAll(), "");
  EXPECT_EQ(last.status, Status::kError);
  EXPECT_EQ(last.error, ECONNRESET);
  EXPECT_EQ(Write("x").status, Status::kError);
  EXPECT_FALSE(stream->HasUnsent());
}

TEST_F(WebSocketStreamTest, AServerThatDoesNotEndTheConnectionIsNotWaitedForForLong) {
  Open();
  stream->ShutdownWrite();
  peer.Send(Close(1000));
  ReadAll();
  EXPECT_TRUE(stream->HasUnsent());
  const int calls = handler.calls;
  EXPECT_TRUE(RunUntil(loop, [&] { return !stream->HasUnsent(); }));
  EXPECT_GT(handler.calls, calls);
}

TEST_F(WebSocketStreamTest, AServerThatIgnoresTheCloseAndKeepsSendingIsGivenUp) {
  options.close_total = base::Duration(200);
  Open();
  stream->ShutdownWrite();
  const auto begin = net::EventLoop::Now();
  auto next = begin;
  EXPECT_TRUE(RunUntil(loop, [&] {
    if (net::EventLoop::Now() >= next) {
      peer.Send(Binary("more"));
      next = net::EventLoop::Now() + base::Duration(10);
    }
    ReadAll();
    return last.status == Status::kError;
  }));
  EXPECT_LT(net::EventLoop::Now() - begin, base::Duration(500));
  EXPECT_EQ(last.error, ETIMEDOUT);
  EXPECT_EQ(stream->failure(), "the server did not answer the Close within timeouts.close_total");
  EXPECT_FALSE(stream->HasUnsent());
}

// ---- Keep-alive ----

TEST_F(WebSocketStreamTest, PingsAreSentAndAnswersKeepItAlive) {
  options.keepalive.ping_interval = base::Duration(20);
  options.keepalive.pong_timeout = base::Duration(5'000);
  Open();
  size_t answered = 0;
  EXPECT_TRUE(RunUntil(loop, [&] {
    websocket::testing::Recorder recorder;
    recorder.Feed(peer.written());
    const auto& items = recorder.transcript().items;
    for (; answered < items.size(); ++answered) {
      EXPECT_EQ(items[answered].kind, websocket::testing::Item::Kind::kPing);
      peer.Send(Frame(Opcode::kPong, items[answered].payload));
    }
    ReadAll();
    return answered >= 3;
  }));
  EXPECT_EQ(last.status, Status::kWouldBlock);
}

TEST_F(WebSocketStreamTest, AServerThatAnswersNoPingIsGivenUp) {
  options.keepalive.ping_interval = base::Duration(10);
  options.keepalive.pong_timeout = base::Duration(10);
  Open();
  EXPECT_TRUE(RunUntil(loop, [&] { return stream->readable(); }));
  EXPECT_EQ(ReadAll(), "");
  EXPECT_EQ(last.status, Status::kError);
  EXPECT_EQ(last.error, ETIMEDOUT);
  EXPECT_EQ(stream->failure(), "the server did not answer a ping in time");
  EXPECT_GT(handler.calls, 0);
}

TEST_F(WebSocketStreamTest, NothingIsHeldAgainstAServerThatIsNotRead) {
  options.keepalive.ping_interval = base::Duration(5);
  options.keepalive.pong_timeout = base::Duration(5);
  Open();
  peer.Send(Binary("unread"));
  const auto until = net::EventLoop::Now() + base::Duration(60);
  EXPECT_TRUE(RunUntil(loop, [&] { return net::EventLoop::Now() > until; }));
  EXPECT_EQ(ReadAll(), "unread");
  EXPECT_NE(last.status, Status::kError);
}

// ---- Framings ----

TEST_F(WebSocketStreamTest, ALineIsAMessage) {
  options.framing = settings::LinesFraming{.end = settings::LineEnd::kLf};
  Open();
  EXPECT_EQ(Write("one\ntwo\nthr").bytes, 11u);
  EXPECT_EQ(peer.writes(), 1u);
  Write("ee\n");
  EXPECT_EQ(Understood(peer.written()), "T\"one\".T\"two\".T\"three\".");
  peer.Send(Frame(Opcode::kText, "four") + Frame(Opcode::kBinary, "fi", false));
  EXPECT_EQ(ReadAll(), "four\n");
  peer.Send(Frame(Opcode::kPing, "") + Frame(Opcode::kContinuation, "ve"));
  EXPECT_EQ(ReadAll(2), "five\n");
}

TEST_F(WebSocketStreamTest, TheLastLineNeedsNoEnd) {
  options.framing = settings::LinesFraming{.end = settings::LineEnd::kLf};
  Open();
  Write("one\ntwo");
  stream->ShutdownWrite();
  EXPECT_EQ(Understood(peer.written()), "T\"one\".T\"two\". close\"" + BigEndian(1000, 2) + "\"");
}

TEST_F(WebSocketStreamTest, BoundariesAndTypesLiveOnInMessagesWithALength) {
  options.framing = settings::LengthPrefixedFraming{.size = 2, .type_byte = true};
  Open();
  Write(std::string("\0\3\1abc\0\0\2\0\2\2xy", 14));
  EXPECT_EQ(Understood(peer.written()), "T\"abc\".B.B\"xy\".");
  peer.Send(Frame(Opcode::kText, "hi") + Binary("") + Binary("!"));
  EXPECT_EQ(ReadAll(), std::string("\0\2\1hi\0\0\2\0\1\2!", 12));
}

TEST_F(WebSocketStreamTest, WhatBecomesLongerThanTheBufferIsKept) {
  options.framing = settings::LengthPrefixedFraming{.size = 4, .type_byte = true};
  Open();
  std::string wire;
  std::string expected;
  for (int i = 0; i < 1000; ++i) {
    wire += Binary("");
    expected += std::string("\0\0\0\0\2", 5);
  }
  peer.Send(wire);
  EXPECT_TRUE(ReadAll(100) == expected);
}

TEST_F(WebSocketStreamTest, ALongMessageIsFragmentsOfOne) {
  options.framing = settings::LengthPrefixedFraming{.size = 4};
  Open();
  const std::string payload = Pattern(200'000);
  const std::string bytes = BigEndian(payload.size(), 4) + payload;
  EXPECT_EQ(Write(bytes).bytes, bytes.size());
  EXPECT_TRUE(Understood(peer.written()) == "B\"" + payload + "\".");
}

TEST_F(WebSocketStreamTest, BytesThatAreNotInTheFramingAreAnErrorOfTheWriter) {
  options.framing = settings::LinesFraming{.end = settings::LineEnd::kLf, .max_length = 10};
  Open();
  const net::IoResult sent = Write("short\n" + std::string(20, 'x') + "\n");
  EXPECT_EQ(sent.status, Status::kError);
  EXPECT_EQ(sent.error, EBADMSG);
  EXPECT_THAT(std::string(stream->failure()), HasSubstr("what was sent is not in the framing"));
  EXPECT_EQ(Understood(peer.written()), "T\"short\". close\"" + BigEndian(1009, 2) + "\"");
}

TEST_F(WebSocketStreamTest, TextThatIsNotUtf8IsAnErrorOfTheWriter) {
  options.framing = settings::LinesFraming{.end = settings::LineEnd::kLf};
  Open();
  EXPECT_EQ(Write("\xff\n").error, EBADMSG);
  EXPECT_EQ(Understood(peer.written()), " close\"" + BigEndian(1007, 2) + "\"");
}

TEST_F(WebSocketStreamTest, AMessageThatIsNotInTheFramingIsAnErrorOfTheServer) {
  options.framing = settings::LinesFraming{.end = settings::LineEnd::kLf};
  Open();
  peer.Send(Frame(Opcode::kText, "good") + Frame(Opcode::kText, "two\nlines"));
  EXPECT_EQ(ReadAll(), "good\n");
  EXPECT_EQ(last.status, Status::kError);
  EXPECT_THAT(std::string(stream->failure()), HasSubstr("the server's message"));
}

TEST_F(WebSocketStreamTest, StreamsOfTextAreCutBetweenCharacters) {
  options.framing = settings::StreamFraming{.type = settings::MessageType::kText};
  Open();
  Write("gr\xc3");
  Write("\xbc\xc3\x9f");
  EXPECT_EQ(Understood(peer.written()), "T\"gr\".T\"\xc3\xbc\".T\"\xc3\x9f\".");
}

}  // namespace
}  // namespace sluice::leg
