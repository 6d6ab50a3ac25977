#include "sluice/framing/text_stream.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "framing/in_pieces.h"
#include "seed.h"

namespace sluice::framing {
namespace {

using testing::Always;
using testing::CutAt;
using testing::Messages;
using testing::Text;
using testing::Whole;

Messages DecodeText(std::string_view bytes, const testing::NextSize& size = Always(SIZE_MAX)) {
  return testing::Decode(*NewTextStreamDecoder(), bytes, size);
}

TEST(TextStreamTest, AReadIsAMessage) {
  EXPECT_EQ(DecodeText(""), Whole({}));
  EXPECT_EQ(DecodeText("Grün"), Whole({"Grün"}));
  EXPECT_EQ(DecodeText("abcd", CutAt(1)), Whole({"a", "bcd"}));
}

TEST(TextStreamTest, ACharacterThatIsCutIsAMessage) {
  EXPECT_EQ(DecodeText("aüb", CutAt(2)), Whole({"a", "ü", "b"}));
  EXPECT_EQ(DecodeText("€", CutAt(1)), Whole({"€"}));
  EXPECT_EQ(DecodeText("a€", CutAt(3)), Whole({"a", "€"}));
  EXPECT_EQ(DecodeText("\U0001F310x", CutAt(3)), Whole({"\U0001F310", "x"}));
  EXPECT_EQ(DecodeText("a€\U0001F310", Always(1)), Whole({"a", "€", "\U0001F310"}));
}

TEST(TextStreamTest, WhatIsNoUtf8IsPassedOnToBeFound) {
  // At once where nothing can make it good.
  EXPECT_EQ(DecodeText("\xe2\x28\xa1", CutAt(1)), Whole({"\xe2\x28\xa1"}));
  EXPECT_EQ(DecodeText("\xf0"
                       "a",
                       CutAt(1)),
            Whole({"\xf0"
                   "a"}));
  EXPECT_EQ(DecodeText("a\xff", CutAt(1)), Whole({"a", "\xff"}));
  EXPECT_EQ(DecodeText("\x80\x80\x80\x80"), Whole({"\x80\x80\x80\x80"}));
  // The end in the middle of a character.
  EXPECT_EQ(DecodeText("a\xe2\x82"), Whole({"a", "\xe2\x82"}));
}

class TextStreamPropertyTest : public test::Seeded {};

TEST_F(TextStreamPropertyTest, NothingIsLostAndNoCharacterIsCut) {
  const std::vector<std::string> characters = {"a", "\n", "ü", "€", "\U0001F310"};
  for (int round = 0; round < 200; ++round) {
    std::string text;
    while (text.size() < 100) text += characters[Between(0, characters.size() - 1)];
    const Messages messages = DecodeText(text, [this] { return Between(1, 7); });
    std::string joined;
    for (const auto& [type, payload] : messages.whole) {
      EXPECT_EQ(type, MessageType::kText);
      EXPECT_NE(static_cast<uint8_t>(payload.front()) & 0xc0, 0x80) << "begins inside a character";
      joined += payload;
    }
    EXPECT_EQ(joined, text);
  }
}

}  // namespace
}  // namespace sluice::framing
