// The frame reader on legal input: every form of a frame, whole and in pieces.
#include "sluice/websocket/frame_reader.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "seed.h"
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
using testing::Item;
using testing::Ping;
using testing::Pong;
using testing::ReadByteByByte;
using testing::ReadInPieces;
using testing::ReferenceParser;
using testing::Text;
using testing::Transcript;
using testing::Wire;
using Kind = Item::Kind;

std::string LetterPayload(size_t size) {
  std::string payload(size, '\0');
  for (size_t i = 0; i < size; ++i) payload[i] = static_cast<char>('a' + i % 23);
  return payload;
}

Transcript Told(std::vector<Item> items, const Wire& wire) {
  return {std::move(items), Violation::kNone, wire.size()};
}

// The same is told of `wire` however it is cut in two and wherever the payload is written.
void ExpectHoweverCut(const Wire& wire, const Transcript& expected, size_t edge = SIZE_MAX) {
  EXPECT_EQ(ReadInPieces(wire), expected);
  EXPECT_EQ(ReadByteByByte(wire), expected);
  for (size_t cut = 0; cut <= wire.size(); ++cut) {
    if (cut > edge && wire.size() - cut > edge) continue;
    const size_t sizes[] = {cut};
    ASSERT_EQ(ReadInPieces(wire, sizes), expected) << "cut at " << cut;
    ASSERT_EQ(ReadInPieces(wire, sizes, cut % 19), expected) << "cut at " << cut << ", compacted";
  }
}

/// The events of a reader that was told of compression, for a whole wire.
std::vector<FrameEvent> EventsWithCompression(Wire& wire) {
  FrameReader reader(/*compression=*/true);
  base::MutableBytes in(reinterpret_cast<uint8_t*>(wire.data()), wire.size());
  std::vector<FrameEvent> events;
  do {
    events.push_back(reader.Next(in, in.data()));
  } while (events.back().kind != FrameEvent::Kind::kNeedMore &&
           events.back().kind != FrameEvent::Kind::kViolation);
  return events;
}

TEST(FrameReaderTest, ACompressedMessageIsToldAndItsTextIsNotChecked) {
  const ClientFrame first{
      .opcode = Opcode::kText, .payload = "\xff", .fin = false, .reserved_bits = kCompressedBit};
  Wire wire = first.Bytes() + Ping("p") + Continuation("\xfe") + Text("plain");
  const auto events = EventsWithCompression(wire);
  ASSERT_EQ(events.size(), 5u);
  EXPECT_TRUE(events[0].is_compressed && events[0].is_text && events[0].begins_message);
  EXPECT_TRUE(events[2].is_compressed && events[2].is_text && events[2].ends_message);
  EXPECT_FALSE(events[3].is_compressed);
}

TEST(FrameReaderTest, TheBitOfCompressionHasItsPlace) {
  for (const Wire& bad :
       {ClientFrame{.opcode = Opcode::kPing, .reserved_bits = kCompressedBit}.Bytes(),
        Binary("a", false) +
            ClientFrame{.opcode = Opcode::kContinuation, .reserved_bits = kCompressedBit}.Bytes(),
        ClientFrame{.reserved_bits = 0x20}.Bytes(), ClientFrame{.reserved_bits = 0x50}.Bytes()}) {
    Wire wire = bad;
    EXPECT_EQ(EventsWithCompression(wire).back().violation, Violation::kReservedBits);
  }
}

TEST(FrameReaderTest, TheLengthOfAMessageInOneFrameIsKnown) {
  for (const bool fin : {true, false}) {
    FrameReader reader;
    Wire wire = Binary("abc", fin);
    base::MutableBytes in(reinterpret_cast<uint8_t*>(wire.data()), wire.size() - 2);
    ASSERT_TRUE(reader.Next(in, in.data()).begins_message);
    EXPECT_EQ(reader.whole_length(), fin ? std::optional<uint64_t>(3) : std::nullopt);
  }
}

TEST(FrameReaderTest, AnEndThatIsAgreedOnIsReported) {
  FrameReader reader;
  reader.AcceptEnd();
  Wire wire = ClientFrame{.opcode = Opcode::kEnd}.Bytes() + Ping("p") + Binary("late");
  base::MutableBytes in{reinterpret_cast<uint8_t*>(wire.data()), wire.size()};
  EXPECT_EQ(reader.Next(in, in.data()).kind, FrameEvent::Kind::kEnd);
  EXPECT_EQ(reader.Next(in, in.data()).kind, FrameEvent::Kind::kPing);
  EXPECT_EQ(reader.Next(in, in.data()).violation, Violation::kDataAfterEnd);
}

TEST(FrameReaderTest, AnEndHasItsPlaceAndItsForm) {
  const auto violation = [](Wire wire, bool is_agreed = true) {
    FrameReader reader;
    if (is_agreed) reader.AcceptEnd();
    base::MutableBytes in{reinterpret_cast<uint8_t*>(wire.data()), wire.size()};
    FrameEvent event;
    do {
      event = reader.Next(in, in.data());
    } while (event.kind == FrameEvent::Kind::kPayload);
    return event.violation;
  };
  const Wire end = ClientFrame{.opcode = Opcode::kEnd}.Bytes();
  EXPECT_EQ(violation(end, /*is_agreed=*/false), Violation::kReservedOpcode);
  EXPECT_EQ(violation(ClientFrame{.opcode = Opcode::kEnd, .payload = "x"}.Bytes()),
            Violation::kReservedOpcode);
  EXPECT_EQ(violation(ClientFrame{.opcode = Opcode::kEnd, .fin = false}.Bytes()),
            Violation::kControlFragmented);
  EXPECT_EQ(violation(ClientFrame{.payload = "half", .fin = false}.Bytes() + end),
            Violation::kMessageInterrupted);
}

TEST(FrameReaderTest, TheExamplesOfTheRfc) {
  // Section 5.7, those that a client may send.
  const Wire hello = "\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
  EXPECT_EQ(ReadInPieces(hello),
            Told({{Kind::kText, ""}, {Kind::kBytes, "Hello"}, {Kind::kEnd, ""}}, hello));
  const Wire pong = "\x8a\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
  EXPECT_EQ(ReadInPieces(pong), Told({{Kind::kPong, "Hello"}}, pong));
}

TEST(FrameReaderTest, NothingComesOfNothing) {
  FrameReader reader;
  base::MutableBytes in;
  EXPECT_EQ(reader.Next(in, nullptr).kind, FrameEvent::Kind::kNeedMore);
  EXPECT_EQ(ReadInPieces(""), Transcript());
}

TEST(FrameReaderTest, EveryFormOfALengthAtItsEdges) {
  for (const size_t size : {0, 1, 2, 3, 4, 5, 31, 32, 33, 124, 125, 126, 127, 128, 1000}) {
    SCOPED_TRACE(size);
    const Wire wire = Binary(LetterPayload(size)) + Ping("x");
    Transcript expected = Told({{Kind::kBinary, ""}}, wire);
    expected.AddBytes(LetterPayload(size));
    expected.items.push_back({Kind::kEnd, ""});
    expected.items.push_back({Kind::kPing, "x"});
    ExpectHoweverCut(wire, expected);
  }
}

TEST(FrameReaderTest, LongLengthsAtTheirEdges) {
  for (const size_t size : {65534, 65535, 65536, 65537}) {
    SCOPED_TRACE(size);
    const ClientFrame frame{.payload = LetterPayload(size)};
    EXPECT_EQ(frame.Header().size(), size <= 65535 ? 8u : 14u);
    const Wire wire = frame.Bytes() + Ping("x");
    const auto expected = Told(
        {{Kind::kBinary, ""}, {Kind::kBytes, frame.payload}, {Kind::kEnd, ""}, {Kind::kPing, "x"}},
        wire);
    ExpectHoweverCut(wire, expected, 20);
  }
}

TEST(FrameReaderTest, EveryKeyByteHasItsPlace) {
  for (const MaskKey key : {MaskKey{0, 0, 0, 0}, MaskKey{1, 2, 3, 4}, MaskKey{255, 0, 255, 0}}) {
    const Wire wire = ClientFrame{.payload = LetterPayload(70), .key = key}.Bytes();
    ExpectHoweverCut(
        wire,
        Told({{Kind::kBinary, ""}, {Kind::kBytes, LetterPayload(70)}, {Kind::kEnd, ""}}, wire));
  }
}

TEST(FrameReaderTest, FragmentsAreOneMessage) {
  const Wire wire = Binary("ab", false) + Continuation("cd", false) + Continuation("ef");
  ExpectHoweverCut(wire,
                   Told({{Kind::kBinary, ""}, {Kind::kBytes, "abcdef"}, {Kind::kEnd, ""}}, wire));
}

TEST(FrameReaderTest, EmptyFragmentsInEveryPlace) {
  const Wire wire = Text("", false) + Continuation("", false) + Continuation("ab", false) +
                    Continuation("", false) + Continuation("") + Binary("") + Text("");
  ExpectHoweverCut(wire, Told({{Kind::kText, ""},
                               {Kind::kBytes, "ab"},
                               {Kind::kEnd, ""},
                               {Kind::kBinary, ""},
                               {Kind::kEnd, ""},
                               {Kind::kText, ""},
                               {Kind::kEnd, ""}},
                              wire));
}

TEST(FrameReaderTest, ControlFramesBetweenFragments) {
  const Wire wire = Ping("") + Text("one", false) + Ping("p") + Continuation("two", false) +
                    Pong(LetterPayload(125)) + Continuation("") + Pong("") + Close("");
  ExpectHoweverCut(wire, Told({{Kind::kPing, ""},
                               {Kind::kText, ""},
                               {Kind::kBytes, "one"},
                               {Kind::kPing, "p"},
                               {Kind::kBytes, "two"},
                               {Kind::kPong, LetterPayload(125)},
                               {Kind::kEnd, ""},
                               {Kind::kPong, ""},
                               {Kind::kClose, ""}},
                              wire));
}

TEST(FrameReaderTest, ACloseMayInterruptAMessage) {
  const Wire wire = Text("half", false) + Close(1001, "");
  ExpectHoweverCut(
      wire,
      Told({{Kind::kText, ""}, {Kind::kBytes, "half"}, {Kind::kClose, std::string("\x03\xe9")}},
           wire));
}

TEST(FrameReaderTest, WhatFollowsACloseIsLeft) {
  const Wire close = Close(1000, "bye");
  Wire wire = close + Text("too late");
  std::vector<uint8_t> bytes(wire.begin(), wire.end());
  base::MutableBytes in(bytes);
  FrameReader reader;
  EXPECT_EQ(reader.Next(in, bytes.data()).kind, FrameEvent::Kind::kClose);
  EXPECT_EQ(in.size(), wire.size() - close.size());
}

TEST(FrameReaderTest, EveryPairOfCutsThroughAllThatMayCome) {
  const Wire wire = Text("\xe2\x82", false) + Ping("12") + Continuation("\xac \xf0\x9f", false) +
                    Continuation("", false) + Continuation("\x98\x80") +
                    Binary(LetterPayload(130)) + Pong("") + Close(3000, "\xc3\xa9");
  const Transcript expected = ReadInPieces(wire);
  EXPECT_EQ(expected, ReferenceParser(wire).Run());
  EXPECT_EQ(expected.violation, Violation::kNone);
  for (size_t first = 0; first <= wire.size(); ++first) {
    for (size_t second = 0; first + second <= wire.size(); ++second) {
      const size_t sizes[] = {first, second};
      ASSERT_EQ(ReadInPieces(wire, sizes, second % 7), expected) << first << " and " << second;
    }
  }
}

TEST(FrameReaderTest, PayloadsOfSmallFramesLieTogether) {
  Wire wire;
  std::string expected;
  for (size_t i = 0; i < 100; ++i) {
    wire += Binary(LetterPayload(i)) + (i % 3 == 0 ? Ping(LetterPayload(i)) : Wire());
    expected += LetterPayload(i);
  }
  std::vector<uint8_t> bytes(wire.begin(), wire.end());
  base::MutableBytes in(bytes);
  FrameReader reader;
  uint8_t* out = bytes.data();
  while (!in.empty()) {
    const FrameEvent event = reader.Next(in, out);
    if (event.kind == FrameEvent::Kind::kPayload) out += event.payload.size();
  }
  const auto size = static_cast<size_t>(out - bytes.data());
  EXPECT_EQ(base::AsText({bytes.data(), size}), expected);
}

TEST(FrameReaderTest, ControlFramesOfEverySizeCutAtEveryByte) {
  for (size_t size = 0; size <= 125; ++size) {
    SCOPED_TRACE(size);
    const Wire wire = Binary("one", false) + Ping(LetterPayload(size)) + Pong(LetterPayload(size)) +
                      Continuation("two") + Close(1000, LetterPayload(size).substr(0, 123));
    ExpectHoweverCut(wire, Told({{Kind::kBinary, ""},
                                 {Kind::kBytes, "one"},
                                 {Kind::kPing, LetterPayload(size)},
                                 {Kind::kPong, LetterPayload(size)},
                                 {Kind::kBytes, "two"},
                                 {Kind::kEnd, ""},
                                 {Kind::kClose, "\x03\xe8" + LetterPayload(size).substr(0, 123)}},
                                wire));
  }
}

TEST(FrameReaderTest, AControlFrameThatIsWholeIsReadWhereItLies) {
  const Wire wire = Ping("here") + Binary("x");
  std::vector<uint8_t> bytes(wire.begin(), wire.end());
  base::MutableBytes in(bytes);
  FrameReader reader;
  const FrameEvent event = reader.Next(in, bytes.data());
  EXPECT_EQ(event.kind, FrameEvent::Kind::kPing);
  EXPECT_EQ(event.payload.data(), bytes.data() + 6);
  EXPECT_EQ(base::AsText(event.payload), "here");
}

TEST(FrameReaderTest, AControlFrameInPartsDoesNotNeedItsFirstPartAnyMore) {
  Wire wire = Ping("in three parts");
  std::vector<uint8_t> bytes(wire.begin(), wire.end());
  FrameReader reader;
  FrameEvent event;
  base::MutableBytes rest(bytes);
  for (const size_t size : {9, 4, 7}) {
    base::MutableBytes in = rest.first(size);
    event = reader.Next(in, in.data());
    EXPECT_TRUE(in.empty());
    std::fill_n(rest.begin(), size, uint8_t{0xee});
    rest = rest.subspan(size);
  }
  EXPECT_EQ(event.kind, FrameEvent::Kind::kPing);
  EXPECT_EQ(base::AsText(event.payload), "in three parts");
}

// Section 8.1 judges a message, not a frame: a character may be cut by anything.
TEST(FrameReaderTest, ACharacterMayBeCutByFrames) {
  const std::string text = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
  for (size_t i = 0; i <= text.size(); ++i) {
    for (size_t j = i; j <= text.size(); ++j) {
      const Wire wire = Text(text.substr(0, i), false) + Ping("\xff") +
                        Continuation(text.substr(i, j - i), false) + Continuation(text.substr(j));
      const Transcript transcript = ReadByteByByte(wire);
      EXPECT_EQ(transcript, ReferenceParser(wire).Run());
      EXPECT_EQ(transcript.violation, Violation::kNone) << i << " and " << j;
    }
  }
}

TEST(FrameReaderTest, BinaryMayBeAnything) {
  const Wire wire = Binary("\xff\xfe\xc0", false) + Continuation("\x80");
  EXPECT_EQ(ReadByteByByte(wire).violation, Violation::kNone);
}

TEST(FrameReaderTest, AHalfCharacterOfOneMessageIsNoConcernOfTheNext) {
  const Wire wire = Binary("\xe2\x82") + Text("ok") + Binary("\xc3") + Text("\xc3\xa9");
  EXPECT_EQ(ReadByteByByte(wire).violation, Violation::kNone);
}

class FrameReaderProperty : public test::Seeded {
 protected:
  std::string RandomPayload(bool text) {
    const uint64_t most[] = {0, 5, 125, 300};
    std::string payload;
    for (uint64_t n = Between(0, most[Between(0, 3)]); n > 0; --n) {
      if (text && !OneIn(200)) {
        payload += testing::EncodeUtf8(static_cast<uint32_t>(Between(0, OneIn(4) ? 0xd7ff : 0x7f)));
      } else {
        payload += static_cast<char>(Byte());
      }
    }
    return payload;
  }

  // Mostly legal; a bit may be wrong anywhere.
  Wire RandomWire() {
    Wire wire;
    bool in_message = false;
    bool text = false;
    for (uint64_t n = Between(1, 12); n > 0; --n) {
      ClientFrame frame;
      frame.key = {Byte(), Byte(), Byte(), Byte()};
      if (OneIn(3)) {
        frame.opcode = OneIn(2) ? Opcode::kPing : Opcode::kPong;
        frame.payload = RandomPayload(false).substr(0, 125);
      } else {
        if (!in_message) text = OneIn(2);
        frame.opcode = in_message ? Opcode::kContinuation : text ? Opcode::kText : Opcode::kBinary;
        frame.fin = OneIn(2);
        frame.payload = RandomPayload(text);
        in_message = !frame.fin;
      }
      wire += frame.Bytes();
    }
    if (OneIn(3))
      wire += Close(static_cast<uint16_t>(Between(990, 1020)), RandomPayload(true).substr(0, 123));
    if (OneIn(3)) wire[Between(0, wire.size() - 1)] ^= static_cast<char>(1 << Between(0, 7));
    return wire;
  }
};

TEST_F(FrameReaderProperty, SaysWhatThePlainParserSays) {
  for (int round = 0; round < 3000; ++round) {
    const Wire wire = RandomWire();
    const Transcript reference = ReferenceParser(wire).Run();
    ASSERT_EQ(ReadByteByByte(wire), reference);
    std::vector<size_t> sizes;
    for (size_t sum = 0; sum < wire.size(); sum += sizes.back()) {
      sizes.push_back(Between(0, OneIn(2) ? 6 : wire.size()));
    }
    const Transcript told = ReadInPieces(wire, sizes, Between(0, 40));
    ASSERT_TRUE(AgreesWith(told, reference)) << told << "\n" << reference;
  }
}

}  // namespace
}  // namespace sluice::websocket
