// The frame reader on what a client may not send, and on lengths that nobody can mean.
#include <algorithm>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/websocket/close_code.h"
#include "sluice/websocket/frame_reader.h"

#include "websocket/client_frames.h"
#include "websocket/reference_parser.h"
#include "websocket/transcript.h"

namespace sluice::websocket {
namespace {

using testing::AgreesWith;
using testing::Binary;
using testing::ClientFrame;
using testing::Close;
using testing::Continuation;
using testing::Ping;
using testing::ReadByteByByte;
using testing::ReadInPieces;
using testing::ReferenceParser;
using testing::Text;
using testing::Transcript;
using testing::Wire;

constexpr Violation kAll[] = {Violation::kReservedBits,       Violation::kReservedOpcode,
                              Violation::kUnmasked,           Violation::kLengthNotMinimal,
                              Violation::kLengthTooLarge,     Violation::kControlTooLong,
                              Violation::kControlFragmented,  Violation::kContinuationUnexpected,
                              Violation::kMessageInterrupted, Violation::kCloseTruncated,
                              Violation::kCloseCodeInvalid,   Violation::kCloseReasonNotUtf8,
                              Violation::kTextNotUtf8};

struct Case {
  const char* name;
  Violation violation;
  Wire before;  // What is legal and comes first.
  Wire wire;
  size_t found_after;  // Bytes of `wire` that are read until it is known.
};

std::vector<Case> Cases() {
  using enum Violation;
  const auto length = [](uint64_t announced, size_t size) {
    return ClientFrame{.announced = announced, .length_size = size}.Header();
  };
  const auto control = [](Opcode opcode, bool fin, size_t size) {
    return ClientFrame{.opcode = opcode, .payload = std::string(size, 'x'), .fin = fin}.Bytes();
  };
  const auto opcode = [](uint8_t bits) {
    return ClientFrame{.opcode = static_cast<Opcode>(bits)}.Bytes();
  };
  return {
      {"RSV1", kReservedBits, "", ClientFrame{.reserved_bits = 0x40}.Bytes(), 2},
      {"RSV2", kReservedBits, "", ClientFrame{.reserved_bits = 0x20}.Bytes(), 2},
      {"RSV3", kReservedBits, "", ClientFrame{.reserved_bits = 0x10}.Bytes(), 2},
      {"RSV1 of a ping", kReservedBits, "",
       ClientFrame{.opcode = Opcode::kPing, .reserved_bits = 0x40}.Bytes(), 2},
      {"opcode 3", kReservedOpcode, "", opcode(3), 2},
      {"opcode 7", kReservedOpcode, "", opcode(7), 2},
      {"opcode 11", kReservedOpcode, "", opcode(11), 2},
      {"opcode 15", kReservedOpcode, Text("a", false), opcode(15), 2},
      {"unmasked text", kUnmasked, "",
       ClientFrame{.opcode = Opcode::kText, .payload = "abcdef", .masked = false}.Bytes(), 2},
      {"unmasked close", kUnmasked, "",
       ClientFrame{.opcode = Opcode::kClose, .payload = "abcdef", .masked = false}.Bytes(), 2},
      {"0 in 16 bits", kLengthNotMinimal, "", length(0, 2), 8},
      {"125 in 16 bits", kLengthNotMinimal, "", length(125, 2), 8},
      {"0 in 64 bits", kLengthNotMinimal, "", length(0, 8), 14},
      {"125 in 64 bits", kLengthNotMinimal, "", length(125, 8), 14},
      {"126 in 64 bits", kLengthNotMinimal, "", length(126, 8), 14},
      {"65535 in 64 bits", kLengthNotMinimal, Ping("a"), length(65535, 8), 14},
      {"2^63", kLengthTooLarge, "", length(uint64_t{1} << 63, 8), 14},
      {"2^64-1", kLengthTooLarge, "", length(UINT64_MAX, 8), 14},
      {"close of 126", kControlTooLong, "", control(Opcode::kClose, true, 126), 2},
      {"ping of 126", kControlTooLong, "", control(Opcode::kPing, true, 126), 2},
      {"pong of 65536", kControlTooLong, "", control(Opcode::kPong, true, 65536), 2},
      {"close without FIN", kControlFragmented, "", control(Opcode::kClose, false, 0), 2},
      {"ping without FIN", kControlFragmented, Binary("a", false), control(Opcode::kPing, false, 0),
       2},
      {"pong without FIN", kControlFragmented, "", control(Opcode::kPong, false, 0), 2},
      {"continuation first", kContinuationUnexpected, "", Continuation("a"), 2},
      {"continuation of an ended message", kContinuationUnexpected,
       Text("a", false) + Continuation("b"), Continuation("c"), 2},
      {"continuation behind a whole message", kContinuationUnexpected, Binary("a") + Ping(""),
       Continuation("c", false), 2},
      {"text in text", kMessageInterrupted, Text("a", false), Text("b"), 2},
      {"binary in text", kMessageInterrupted, Text("", false) + Ping(""), Binary("b"), 2},
      {"text in binary", kMessageInterrupted, Binary("a", false) + Continuation("b", false),
       Text("b", false), 2},
      {"close of one byte", kCloseTruncated, "", Close("\x03"), 7},
      {"close 1005", kCloseCodeInvalid, "", Close(1005, ""), 8},
      {"close 1006", kCloseCodeInvalid, Text("a", false), Close(1006, "why"), 11},
      {"close 0", kCloseCodeInvalid, "", Close(0, ""), 8},
      {"close reason", kCloseReasonNotUtf8, "", Close(1000, "\xff"), 9},
      {"close reason cut", kCloseReasonNotUtf8, "", Close(1000, "\xe2\x82"), 10},
      {"surrogate", kTextNotUtf8, "", Text("a\xed\xa0\x80z"), 6 + 3},
      {"overlong", kTextNotUtf8, Binary("\xff"), Text("\xc0\xaf"), 6 + 1},
      {"beyond U+10FFFF", kTextNotUtf8, "", Text("\xf4\x90\x80\x80", false), 6 + 2},
      {"text ends in a character", kTextNotUtf8, "", Text("ab\xe2\x82"), 6 + 4},
      {"bad in a fragment", kTextNotUtf8, Text("\xe2", false) + Ping("\xff"),
       Continuation("\x82"
                    "a",
                    false),
       6 + 2},
      {"ends in a character, empty fragment", kTextNotUtf8, Text("\xe2", false), Continuation(""),
       6},
  };
}

TEST(FrameReaderViolationTest, EachIsFoundAtItsByteAndHoweverCut) {
  std::set<Violation> seen;
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.name);
    seen.insert(c.violation);
    ASSERT_EQ(ReadInPieces(c.before).violation, Violation::kNone);
    const Wire wire = c.before + c.wire + Ping("behind");
    const Transcript told = ReadByteByByte(wire);
    EXPECT_EQ(told.violation, c.violation);
    EXPECT_EQ(told.consumed, c.before.size() + c.found_after);
    EXPECT_EQ(told, ReferenceParser(wire).Run());
    for (size_t cut = 0; cut <= std::min<size_t>(wire.size(), 200); ++cut) {
      const size_t sizes[] = {cut};
      const Transcript in_two = ReadInPieces(wire, sizes, 3);
      EXPECT_TRUE(AgreesWith(in_two, told)) << "cut at " << cut << "\n" << in_two << "\n" << told;
    }
  }
  EXPECT_THAT(seen, ::testing::UnorderedElementsAreArray(kAll)) << "each violation has a case";
}

TEST(FrameReaderViolationTest, NothingIsSaidBeforeTheByteThatBreaksTheRule) {
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.name);
    const Wire wire = c.before + c.wire.substr(0, c.found_after - 1);
    EXPECT_EQ(ReadInPieces(wire).violation, Violation::kNone);
  }
}

// Opcode, FIN, reserved bits, MASK and short length: all that the first two bytes can say, with and
// without a message under way.
TEST(FrameReaderViolationTest, EveryStartOfAFrame) {
  for (const Wire& before : {Wire(), Text("a", false)}) {
    for (unsigned start = 0; start < 0x10000; ++start) {
      Wire wire = before;
      wire += static_cast<char>(start >> 8);
      wire += static_cast<char>(start & 0xff);
      wire += std::string(6, '\0').append(130, 'a');
      const Transcript told = ReadInPieces(wire);
      const Transcript reference = ReferenceParser(wire).Run();
      if (!AgreesWith(told, reference)) {
        ADD_FAILURE() << std::hex << start << " " << told << "\n" << reference;
      }
    }
  }
}

TEST(FrameReaderViolationTest, EveryCloseCode) {
  for (unsigned code = 0; code < 0x10000; ++code) {
    const Transcript told = ReadInPieces(Close(static_cast<uint16_t>(code), "why"));
    const Violation expected = IsCloseCodeOnWire(static_cast<uint16_t>(code))
                                   ? Violation::kNone
                                   : Violation::kCloseCodeInvalid;
    if (told.violation != expected) ADD_FAILURE() << code << " " << told;
  }
}

TEST(FrameReaderViolationTest, TheLongestCloseReason) {
  std::string reason(120, 'r');
  reason += "\xe2\x82\xac";  // 123 bytes: with the code, 125.
  const Wire wire = Close(4999, reason);
  const Transcript told = ReadByteByByte(wire);
  ASSERT_EQ(told.items.size(), 1u);
  EXPECT_EQ(told.items[0].payload, "\x13\x87" + reason);
}

TEST(FrameReaderViolationTest, EachHasItsOwnWordsAndSection) {
  std::set<std::string_view> seen;
  for (const Violation violation : kAll) {
    const std::string_view text = ToString(violation);
    EXPECT_TRUE(seen.insert(text).second) << text;
    EXPECT_THAT(std::string(text),
                ::testing::ContainsRegex("\\(RFC 6455 section [578][.0-9]*\\)$"));
  }
  EXPECT_EQ(ToString(Violation::kNone), "");
}

TEST(FrameReaderViolationTest, BadUtf8IsACauseOfItsOwn) {
  for (const Violation violation : kAll) {
    const bool utf8 =
        violation == Violation::kTextNotUtf8 || violation == Violation::kCloseReasonNotUtf8;
    EXPECT_EQ(CauseOf(violation), utf8 ? base::Cause::kInvalidUtf8 : base::Cause::kProtocolError);
  }
}

// A length is a number and no more: the largest one takes no memory and no time.
TEST(FrameReaderLengthTest, TheLargestCostsNothing) {
  const Wire header = ClientFrame{.announced = uint64_t{INT64_MAX}}.Header();
  std::vector<uint8_t> bytes(header.begin(), header.end());
  bytes.resize(bytes.size() + 100'000);
  FrameReader reader;
  base::MutableBytes in(bytes);

  const FrameEvent event = reader.Next(in, bytes.data());
  EXPECT_EQ(event.kind, FrameEvent::Kind::kPayload);
  EXPECT_EQ(event.payload.size(), 100'000u);
  EXPECT_TRUE(event.begins_message);
  EXPECT_FALSE(event.ends_message);
  EXPECT_EQ(reader.Next(in, bytes.data()).kind, FrameEvent::Kind::kNeedMore);
}

// Every session has one of these, idle ones too.
static_assert(sizeof(FrameReader) <= 64);

}  // namespace
}  // namespace sluice::websocket
