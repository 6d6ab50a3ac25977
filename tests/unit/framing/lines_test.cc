#include "sluice/framing/lines.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "framing/in_pieces.h"
#include "seed.h"

namespace sluice::framing {
namespace {

using testing::Always;
using testing::Binary;
using testing::CutAt;
using testing::kTooLong;
using testing::Messages;
using testing::Sent;
using testing::Text;
using testing::Whole;

constexpr auto kLineEndInMessage = FramingError::kLineEndInMessage;

Messages DecodeLines(std::string_view bytes, const testing::NextSize& size = Always(SIZE_MAX),
                     const LinesOptions& options = {}) {
  return testing::Decode(*NewLinesDecoder(options), bytes, size);
}

struct DecoderCase {
  std::string_view bytes;
  std::vector<std::string> lines;
};

const std::vector<DecoderCase> kDecoderCases = {
    {"", {}},
    {"a\n", {"a"}},
    {"a\r\n", {"a"}},
    {"a\nbc\r\n\nd\n", {"a", "bc", "", "d"}},
    {"\n", {""}},
    {"\r\n", {""}},
    {"\n\n\r\n", {"", "", ""}},
    // A CR elsewhere is data.
    {"a\rb\n", {"a\rb"}},
    {"\ra\n", {"\ra"}},
    {"a\r\r\n", {"a\r"}},
    {"\r\r\n", {"\r"}},
    {std::string_view("a\0b\xff\n", 5), {std::string("a\0b\xff", 4)}},
    // The end without a line end.
    {"a", {"a"}},
    {"a\nb", {"a", "b"}},
    {"a\nb\r", {"a", "b"}},
    {"a\n\r", {"a", ""}},
    {"PING :x\r\nNICK y", {"PING :x", "NICK y"}},
};

TEST(LinesDecoderTest, ALineIsAMessage) {
  for (const auto& [bytes, lines] : kDecoderCases) {
    EXPECT_EQ(DecodeLines(bytes), Whole(lines)) << bytes;
    EXPECT_EQ(DecodeLines(bytes, Always(1)), Whole(lines)) << bytes;
    for (size_t cut = 1; cut < bytes.size(); ++cut) {
      EXPECT_EQ(DecodeLines(bytes, CutAt(cut)), Whole(lines)) << bytes << " cut at " << cut;
    }
    // The line end that is appended to the client's messages plays no part.
    EXPECT_EQ(DecodeLines(bytes, Always(2), {.end = LineEnd::kLf}), Whole(lines)) << bytes;
  }
}

TEST(LinesDecoderTest, TheTypeIsTheConfiguredOne) {
  const Messages messages = DecodeLines("a\n", Always(1), {.type = MessageType::kBinary});
  EXPECT_EQ(messages.whole, std::vector{Binary("a")});
}

TEST(LinesDecoderTest, TheMaximumLength) {
  const LinesOptions options{.max_length = 3};
  for (const size_t size : {1u, 2u, 3u, 4u, 5u, 100u}) {
    for (const std::string_view end : {"\n", "\r\n", "\r", ""}) {
      const std::string rest(end);
      EXPECT_EQ(DecodeLines("abc" + rest, Always(size), options), Whole({"abc"}));
      EXPECT_EQ(DecodeLines("x\nabcd" + rest, Always(size), options).error, kTooLong);
      EXPECT_EQ(DecodeLines("x\nabcd" + rest, Always(size), options).whole.size(), 1U);
    }
    EXPECT_EQ(DecodeLines("abc\rd\n", Always(size), options).error, kTooLong);
  }
}

TEST(LinesDecoderTest, NoMoreIsKeptThanTheMaximumAllows) {
  const auto decoder = NewLinesDecoder({.max_length = 10});
  const std::string bytes = "0123456789";
  base::Bytes in = base::AsBytes(bytes);
  EXPECT_EQ(decoder->Next(in).kind, Decoded::Kind::kNeedMore);
  in = base::AsBytes("x");
  EXPECT_EQ(decoder->Next(in).error, kTooLong) << "though its end has not come";
}

// What lies whole in the input is a view of it.
TEST(LinesDecoderTest, CopiesOnlyWhatIsCut) {
  const auto decoder = NewLinesDecoder({});
  const std::string bytes = "one\r\ntwo\nthr";
  base::Bytes in = base::AsBytes(bytes);
  const auto* const start = in.data();
  const Decoded one = decoder->Next(in);
  EXPECT_EQ(one.piece.payload.data(), start);
  EXPECT_TRUE(one.assembled.empty());
  EXPECT_EQ(decoder->Next(in).piece.payload.data(), start + 5);
  EXPECT_EQ(decoder->Next(in).kind, Decoded::Kind::kNeedMore);
  in = base::AsBytes("ee\n");
  const Decoded three = decoder->Next(in);
  EXPECT_EQ(base::AsText(three.piece.payload), "three");
  EXPECT_EQ(three.piece.payload.data(), three.assembled.data());
  EXPECT_EQ(three.piece.whole_length, 5U);
}

Sent Encode(std::string message, const testing::NextSize& size = Always(SIZE_MAX),
            const LinesOptions& options = {}) {
  return testing::Encode(*NewLinesEncoder(options), Text(std::move(message)), size);
}

TEST(LinesEncoderTest, TheLineEndIsAppended) {
  for (const size_t size : {1u, 2u, 100u}) {
    EXPECT_EQ(Encode("abc", Always(size)), (Sent{"abc\r\n"}));
    EXPECT_EQ(Encode("abc", Always(size), {.end = LineEnd::kLf}), (Sent{"abc\n"}));
    EXPECT_EQ(Encode("", Always(size)), (Sent{"\r\n"}));
    EXPECT_EQ(Encode("", Always(size), {.end = LineEnd::kLf}), (Sent{"\n"}));
    // One that is there already is taken as it, in the configured form.
    EXPECT_EQ(Encode("abc\n", Always(size)), (Sent{"abc\r\n"}));
    EXPECT_EQ(Encode("abc\r\n", Always(size)), (Sent{"abc\r\n"}));
    EXPECT_EQ(Encode("abc\r\n", Always(size), {.end = LineEnd::kLf}), (Sent{"abc\n"}));
    EXPECT_EQ(Encode("\n", Always(size)), (Sent{"\r\n"}));
  }
}

TEST(LinesEncoderTest, AMessageIsNeverMoreThanOneLine) {
  for (const char* message : {"a\nb", "a\rb", "a\r\nb", "\na", "\ra", "a\r", "\r", "a\n\n", "\n\n",
                              "a\r\r\n", "a\n\r\n", "a\n\r", "NICK x\r\nQUIT\r\n"}) {
    for (const LineEnd end : {LineEnd::kLf, LineEnd::kCrLf}) {
      for (const size_t size : {1u, 2u, 3u, 100u}) {
        // Not a byte of it is sent.
        EXPECT_EQ(Encode(message, Always(size), {.end = end}), (Sent{"", kLineEndInMessage}));
      }
    }
  }
}

TEST(LinesEncoderTest, TheMaximumLength) {
  const LinesOptions options{.max_length = 3};
  for (const size_t size : {1u, 2u, 4u, 100u}) {
    EXPECT_EQ(Encode("abc", Always(size), options), (Sent{"abc\r\n"}));
    EXPECT_EQ(Encode("abc\r\n", Always(size), options), (Sent{"abc\r\n"}));
    EXPECT_EQ(Encode("abcd", Always(size), options), (Sent{"", kTooLong}));
    EXPECT_EQ(Encode("abcd\r\n", Always(size), options), (Sent{"", kTooLong}));
    EXPECT_EQ(Encode(std::string(1000, 'x'), Always(size), options), (Sent{"", kTooLong}));
  }
}

TEST(LinesEncoderTest, CopiesOnlyFragments) {
  const auto encoder = NewLinesEncoder({});
  const std::string message = "abc";
  const Encoded encoded = encoder->Encode(
      {.begins_message = true, .ends_message = true, .payload = base::AsBytes(message)});
  EXPECT_EQ(encoded.payload.data(), base::AsBytes(message).data());
  EXPECT_TRUE(encoded.assembled.empty());
}

class RandomLines : public test::Seeded {
 protected:
  std::string Line() {
    std::string line(OneIn(4) ? 0 : Between(0, OneIn(5) ? 3000 : 20), ' ');
    for (char& c : line) {
      c = static_cast<char>(Byte());
      if (c == '\n' || c == '\r') c = '.';
    }
    return line;
  }
  size_t Size() { return OneIn(2) ? Between(1, 5) : Between(1, 2000); }
};

// Messages that go through both ways are the same messages, through one encoder and one decoder.
TEST_F(RandomLines, SurviveARoundTrip) {
  for (int round = 0; round < 200; ++round) {
    const LinesOptions options{.end = OneIn(2) ? LineEnd::kLf : LineEnd::kCrLf,
                               .max_length = 3000,
                               .type = OneIn(2) ? MessageType::kText : MessageType::kBinary};
    const auto encoder = NewLinesEncoder(options);
    const auto size = [this] { return Size(); };
    Messages expected;
    std::string bytes;
    for (uint64_t lines = Between(0, 10); lines > 0; --lines) {
      expected.whole.push_back({options.type, Line()});
      const Sent sent = testing::Encode(*encoder, expected.whole.back(), size);
      ASSERT_EQ(sent.error, FramingError::kNone);
      bytes += sent.bytes;
    }
    ASSERT_EQ(DecodeLines(bytes, size, options), expected);
  }
}

}  // namespace
}  // namespace sluice::framing
