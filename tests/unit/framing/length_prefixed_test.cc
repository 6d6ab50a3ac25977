#include "sluice/framing/length_prefixed.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "framing/in_pieces.h"
#include "seed.h"

namespace sluice::framing {
namespace {

using namespace std::string_literals;
using testing::Always;
using testing::Binary;
using testing::CutAt;
using testing::kTooLong;
using testing::Message;
using testing::Messages;
using testing::Sent;
using testing::Text;

constexpr auto kLittle = ByteOrder::kLittle;

Messages Decode(const LengthPrefixedOptions& options, std::string_view bytes,
                const testing::NextSize& size = Always(SIZE_MAX)) {
  return testing::Decode(*NewLengthPrefixedDecoder(options), bytes, size);
}

Sent Encode(const LengthPrefixedOptions& options, const Message& message,
            const testing::NextSize& size = Always(SIZE_MAX), bool announced = false) {
  return testing::Encode(*NewLengthPrefixedEncoder(options), message, size, announced);
}

struct Form {
  LengthPrefixedOptions options;
  Message message;
  std::string bytes;
};

const Form kForms[] = {
    {{.size = 1}, Binary("abc"), "\3abc"s},
    {{.size = 1}, Binary(""), "\0"s},
    {{.size = 2}, Binary("abc"), "\0\3abc"s},
    {{.size = 2, .order = kLittle}, Binary("abc"), "\3\0abc"s},
    {{.size = 4}, Binary("abc"), "\0\0\0\3abc"s},
    {{.size = 4, .order = kLittle}, Binary("abc"), "\3\0\0\0abc"s},
    {{.size = 4}, Binary(std::string(0x10203, 'x')), "\0\1\2\3"s + std::string(0x10203, 'x')},
    {{.size = 4, .order = kLittle},
     Binary(std::string(0x10203, 'x')),
     "\3\2\1\0"s + std::string(0x10203, 'x')},
    {{.size = 1, .includes_header = true}, Binary("abc"), "\4abc"s},
    {{.size = 2, .includes_header = true}, Binary("abc"), "\0\5abc"s},
    {{.size = 4, .includes_header = true}, Binary(""), "\0\0\0\4"s},
    {{.size = 1, .type_byte = true}, Text("abc"), "\3\1abc"s},
    {{.size = 1, .type_byte = true}, Binary("abc"), "\3\2abc"s},
    {{.size = 2, .order = kLittle, .type_byte = true}, Text(""), "\0\0\1"s},
    {{.size = 4, .type_byte = true}, Binary("abc"), "\0\0\0\3\2abc"s},
    // The header that is included is all of it.
    {{.size = 1, .includes_header = true, .type_byte = true}, Text("abc"), "\5\1abc"s},
    {{.size = 4, .includes_header = true, .type_byte = true}, Binary("abc"), "\0\0\0\x08\2abc"s},
    {{.size = 4, .order = kLittle, .includes_header = true, .type_byte = true},
     Text(""),
     "\5\0\0\0\1"s},
    {{.size = 1, .type = MessageType::kText}, Text("abc"), "\3abc"s},
};

TEST(LengthPrefixedTest, EveryForm) {
  for (const auto& [options, message, bytes] : kForms) {
    for (const bool announced : {false, true}) {
      for (const size_t size : {size_t{1}, size_t{2}, SIZE_MAX}) {
        EXPECT_EQ(Encode(options, message, Always(size), announced), (Sent{bytes}));
      }
    }
    EXPECT_EQ(Decode(options, bytes), (Messages{{message}, ""}));
    EXPECT_EQ(Decode(options, bytes, Always(1)), (Messages{{message}, ""}));
    EXPECT_EQ(Decode(options, bytes + bytes), (Messages{{message, message}, ""}));
    for (size_t cut = 1; cut < std::min<size_t>(bytes.size() * 2, 20); ++cut) {
      EXPECT_EQ(Decode(options, bytes + bytes, CutAt(cut)), (Messages{{message, message}, ""}));
    }
  }
}

TEST(LengthPrefixedTest, WithoutATypeByteTheClientsTypeIsLost) {
  EXPECT_EQ(Encode({.size = 1}, Text("a")), (Sent{"\1a"}));
  EXPECT_EQ(Decode({.size = 1}, "\1a").whole, std::vector{Binary("a")});
}

TEST(LengthPrefixedTest, TheMostThatAFieldCanSay) {
  const struct {
    LengthPrefixedOptions options;
    size_t most;
  } kCases[] = {
      {{.size = 1}, 255},
      {{.size = 1, .type_byte = true}, 255},
      {{.size = 1, .includes_header = true}, 254},
      {{.size = 1, .includes_header = true, .type_byte = true}, 253},
      {{.size = 2}, 65535},
      {{.size = 2, .includes_header = true, .type_byte = true}, 65532},
      {{.size = 1, .max_message = 10}, 10},
      {{.size = 4, .max_message = 300}, 300},
      {{.size = 4, .includes_header = true, .max_message = 300}, 300},
  };
  for (const auto& [options, most] : kCases) {
    const Message longest = Binary(std::string(most, 'x'));
    const Message longer = Binary(std::string(most + 1, 'x'));
    for (const bool announced : {false, true}) {
      for (const size_t size : {size_t{7}, SIZE_MAX}) {
        const Sent sent = Encode(options, longest, Always(size), announced);
        EXPECT_EQ(sent.error, FramingError::kNone);
        EXPECT_EQ(Decode(options, sent.bytes), (Messages{{longest}, ""}));
        EXPECT_EQ(Encode(options, longer, Always(size), announced), (Sent{"", kTooLong}));
      }
    }
  }
}

// The announced length is enough to know, and to allocate nothing for.
TEST(LengthPrefixedDecoderTest, TheMaximumMessage) {
  const LengthPrefixedOptions options{.size = 4, .max_message = 16};
  EXPECT_EQ(Decode(options, "\0\0\0\x10"s).error, FramingError::kCutShort);
  EXPECT_EQ(Decode(options, "\0\0\0\x11"s).error, kTooLong);
  EXPECT_EQ(Decode(options, "\xff\xff\xff\xff").error, kTooLong);
  EXPECT_EQ(Decode(options, "HTTP/1.1 400 Bad Request\r\n").error, kTooLong);
  EXPECT_EQ(Decode(options, "\0\0\0\1a\0\0\0\x11"s), (Messages{{Binary("a")}, "", kTooLong}));
}

TEST(LengthPrefixedDecoderTest, BadHeaders) {
  const LengthPrefixedOptions typed{.size = 1, .type_byte = true};
  for (const int type : {0, 3, 8, 255}) {
    const std::string bytes = "\1"s + static_cast<char>(type);
    EXPECT_EQ(Decode(typed, bytes).error, FramingError::kUnknownType) << type;
  }
  LengthPrefixedOptions counted{.size = 2, .includes_header = true};
  EXPECT_EQ(Decode(counted, "\0\1"s).error, FramingError::kLengthTooSmall);
  EXPECT_EQ(Decode(counted, "\0\2"s), (Messages{{Binary("")}, ""}));
  counted.type_byte = true;
  EXPECT_EQ(Decode(counted, "\0\2\1"s).error, FramingError::kLengthTooSmall);
  EXPECT_EQ(Decode(counted, "\0\3\1"s), (Messages{{Text("")}, ""}));
}

TEST(LengthPrefixedDecoderTest, TheEndInTheMiddle) {
  const std::string bytes = "\0\3\1abc"s;
  const LengthPrefixedOptions options{.size = 2, .type_byte = true};
  for (size_t size = 1; size < bytes.size(); ++size) {
    const Messages expected{
        {Text("abc")}, bytes.substr(3).substr(0, size > 3 ? size - 3 : 0), FramingError::kCutShort};
    EXPECT_EQ(Decode(options, bytes + bytes.substr(0, size)), expected);
    EXPECT_EQ(Decode(options, bytes + bytes.substr(0, size), Always(1)), expected);
  }
}

// A message goes on as it comes, and is never copied.
TEST(LengthPrefixedDecoderTest, StreamsViewsOfTheInput) {
  const auto decoder = NewLengthPrefixedDecoder({.size = 4});
  const std::string bytes = "\0\0\x10\0first"s;
  base::Bytes in = base::AsBytes(bytes);
  const auto* const payload = in.data() + 4;
  const Decoded first = decoder->Next(in);
  EXPECT_TRUE(first.piece.begins_message);
  EXPECT_FALSE(first.piece.ends_message);
  EXPECT_EQ(first.piece.whole_length, 4096U);
  EXPECT_EQ(first.piece.payload.data(), payload);
  in = base::AsBytes("second");
  const Decoded second = decoder->Next(in);
  EXPECT_FALSE(second.piece.begins_message);
  EXPECT_FALSE(second.piece.whole_length);
  EXPECT_EQ(base::AsText(second.piece.payload), "second");
}

TEST(LengthPrefixedEncoderTest, AssemblesOnlyWhereItMust) {
  const auto encoder = NewLengthPrefixedEncoder({.size = 1});
  const base::Bytes payload = base::AsBytes("abc");
  const Encoded whole =
      encoder->Encode({.begins_message = true, .ends_message = true, .payload = payload});
  EXPECT_EQ(whole.payload.data(), payload.data());

  const Encoded announced =
      encoder->Encode({.begins_message = true, .whole_length = 5, .payload = payload});
  EXPECT_EQ(base::AsText(announced.prefix), "\5");
  EXPECT_EQ(announced.payload.data(), payload.data());
  const Encoded rest = encoder->Encode({.ends_message = true, .payload = payload.first(2)});
  EXPECT_TRUE(rest.prefix.empty());
  EXPECT_EQ(base::AsText(rest.payload), "ab");

  EXPECT_TRUE(encoder->Encode({.begins_message = true, .payload = payload}).payload.empty());
  const Encoded fragments = encoder->Encode({.ends_message = true, .payload = payload});
  EXPECT_EQ(base::AsText(fragments.prefix), "\6");
  EXPECT_EQ(base::AsText(fragments.payload), "abcabc");
  EXPECT_EQ(fragments.payload.data(), fragments.assembled.data());
}

TEST(LengthPrefixedEncoderTest, AnAnnouncedMessageThatIsTooLongFailsAtOnce) {
  const auto encoder = NewLengthPrefixedEncoder({.size = 4, .max_message = 100});
  EXPECT_EQ(encoder->Encode({.begins_message = true, .whole_length = 101}).error, kTooLong);
}

class RandomMessages : public test::Seeded {
 protected:
  LengthPrefixedOptions Options() {
    return {.size = static_cast<uint8_t>(1 << Between(0, 2)),
            .order = OneIn(2) ? ByteOrder::kBig : ByteOrder::kLittle,
            .includes_header = OneIn(2),
            .type_byte = OneIn(2),
            .type = OneIn(2) ? MessageType::kText : MessageType::kBinary};
  }
  std::string Payload(size_t most) {
    std::string payload(OneIn(4) ? 0 : Between(0, OneIn(5) ? most : 20), ' ');
    for (char& c : payload) c = static_cast<char>(Byte());
    return payload;
  }
  size_t Size() { return OneIn(2) ? Between(1, 5) : Between(1, 2000); }
};

// Through a plain echo service: the same messages come back, and with a type byte the same types.
TEST_F(RandomMessages, SurviveARoundTrip) {
  for (int round = 0; round < 300; ++round) {
    const LengthPrefixedOptions options = Options();
    const auto encoder = NewLengthPrefixedEncoder(options);
    const auto size = [this] { return Size(); };
    Messages expected;
    std::string bytes;
    for (uint64_t messages = Between(0, 10); messages > 0; --messages) {
      const bool is_text = options.type_byte ? OneIn(2) : options.type == MessageType::kText;
      const std::string payload = Payload(options.size == 1 ? 250 : 5000);
      expected.whole.push_back(is_text ? Text(payload) : Binary(payload));
      const Sent sent = testing::Encode(*encoder, expected.whole.back(), size, OneIn(2));
      ASSERT_EQ(sent.error, FramingError::kNone);
      bytes += sent.bytes;
    }
    ASSERT_EQ(Decode(options, bytes, size), expected);
  }
}

}  // namespace
}  // namespace sluice::framing
