// The message framings on a WebSocket leg, both ways.
#include "sluice/leg/message_codec.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "leg/websocket_leg_fixture.h"

namespace sluice::leg {
namespace {

using testing::Pattern;
using testing::ServerFrame;
using testing::Understood;
using testing::UnderstoodClose;
using websocket::Opcode;
using websocket::testing::BigEndian;

class MessageCodecTest : public testing::WebSocketLegTest {};

TEST_F(MessageCodecTest, ALineIsAMessage) {
  options.framing = settings::LinesFraming{.end = settings::LineEnd::kLf};
  Open();
  Send("one\ntwo\nthr");
  EXPECT_EQ(peer.writes(), 1u);
  EXPECT_EQ(leg->held().output, 3u);
  Send("ee\n");
  EXPECT_EQ(Understood(peer.written()), "T\"one\".T\"two\".T\"three\".");
  peer.Send(ServerFrame(Opcode::kText, "four") + ServerFrame(Opcode::kBinary, "fi", false));
  EXPECT_EQ(ReadAll(), "four\n");
  EXPECT_EQ(leg->held().input, 2u);
  peer.Send(ServerFrame(Opcode::kPing, "") + ServerFrame(Opcode::kContinuation, "ve"));
  EXPECT_EQ(ReadAll(2), "five\n");
}

TEST_F(MessageCodecTest, TheLastLineNeedsNoEnd) {
  options.framing = settings::LinesFraming{.end = settings::LineEnd::kLf};
  Open();
  Send("one\ntwo");
  Close();
  EXPECT_EQ(Understood(peer.written()), "T\"one\".T\"two\"." + UnderstoodClose(1000));
}

TEST_F(MessageCodecTest, BoundariesAndTypesLiveOnInMessagesWithALength) {
  options.framing = settings::LengthPrefixedFraming{.size = 2, .type_byte = true};
  Open();
  Send(std::string("\0\3\1abc\0\0\2\0\2\2xy", 14));
  EXPECT_EQ(Understood(peer.written()), "T\"abc\".B.B\"xy\".");
  peer.Send(ServerFrame(Opcode::kText, "hi") + ServerFrame(Opcode::kBinary, "") +
            ServerFrame(Opcode::kBinary, "!"));
  EXPECT_EQ(ReadAll(), std::string("\0\2\1hi\0\0\2\0\1\2!", 12));
}

TEST_F(MessageCodecTest, WhatBecomesLongerThanTheBufferIsKept) {
  options.framing = settings::LengthPrefixedFraming{.size = 4, .type_byte = true};
  Open();
  constexpr size_t kMessages = 100'000;
  std::string wire;
  std::string expected;
  for (size_t i = 0; i < kMessages; ++i) {
    wire += ServerFrame(Opcode::kBinary, "");
    expected += std::string("\0\0\0\0\2", 5);
  }
  peer.Send(wire);
  last = leg->Read(workspace::kQueueMark);
  EXPECT_GT(leg->held().input, 1000u);
  std::string all(base::AsText(last.payload));
  EXPECT_TRUE((all += ReadAll(workspace::kQueueMark)) == expected);
}

TEST_F(MessageCodecTest, AnAssembledMessageThatIsLongerThanTheBufferIsReadInParts) {
  options.framing = settings::LengthPrefixedFraming{.size = 4};
  options.message_limit = 1024 * 1024;
  Open();
  const std::string half = Pattern(400'000);
  peer.Send(ServerFrame(Opcode::kBinary, half, false) + ServerFrame(Opcode::kContinuation, half) +
            ServerFrame(Opcode::kBinary, "next"));
  EXPECT_TRUE(ReadAll(workspace::kQueueMark) ==
              BigEndian(800'000, 4) + half + half + BigEndian(4, 4) + "next");
  EXPECT_EQ(leg->held().input, 0u);
}

TEST_F(MessageCodecTest, ALongMessageIsFragmentsOfOne) {
  options.framing = settings::LengthPrefixedFraming{.size = 4};
  Open();
  const std::string payload = Pattern(200'000);
  Send(BigEndian(payload.size(), 4) + payload);
  EXPECT_TRUE(Understood(peer.written()) == "B\"" + payload + "\".");
}

TEST_F(MessageCodecTest, BytesThatAreNotInTheFramingAreAFault) {
  options.framing = settings::LinesFraming{.end = settings::LineEnd::kLf, .max_length = 10};
  Open();
  const Output sent = Send("short\n" + std::string(20, 'x') + "\n");
  EXPECT_EQ(sent.status, Output::Status::kFault);
  EXPECT_EQ(base::InfoOf(sent.fault.cause).close_code, 1009);
  EXPECT_EQ(Understood(peer.written()), "T\"short\".") << "the messages before it are sent";
}

TEST_F(MessageCodecTest, TextThatIsNotUtf8IsAFault) {
  options.framing = settings::LinesFraming{.end = settings::LineEnd::kLf};
  Open();
  const Output sent = Send("\xff\n");
  EXPECT_EQ(sent.status, Output::Status::kFault);
  EXPECT_EQ(base::InfoOf(sent.fault.cause).close_code, 1007);
}

TEST_F(MessageCodecTest, AMessageThatIsNotInTheFramingIsAFaultOfThePeer) {
  options.framing = settings::LinesFraming{.end = settings::LineEnd::kLf};
  Open();
  peer.Send(ServerFrame(Opcode::kText, "good") + ServerFrame(Opcode::kText, "two\nlines"));
  EXPECT_EQ(ReadAll(), "good\n");
  EXPECT_EQ(last.status, Input::Status::kFault);
  EXPECT_EQ(last.fault.cause, base::Cause::kLineEndInMessage);
}

TEST_F(MessageCodecTest, StreamsOfTextAreCutBetweenCharacters) {
  options.framing = settings::StreamFraming{.type = settings::MessageType::kText};
  Open();
  Send("gr\xc3");
  Send("\xbc\xc3\x9f");
  EXPECT_EQ(Understood(peer.written()), "T\"gr\".T\"\xc3\xbc\".T\"\xc3\x9f\".");
}

}  // namespace
}  // namespace sluice::leg
