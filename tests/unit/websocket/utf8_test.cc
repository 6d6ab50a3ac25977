// The UTF-8 validator against a second opinion (utf8_oracle.h).
#include "sluice/websocket/utf8.h"

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "seed.h"
#include "websocket/utf8_blocks.h"
#include "websocket/utf8_oracle.h"

namespace sluice::websocket {
namespace {

using base::AsBytes;
using testing::EncodeUtf8;
using testing::JudgeUtf8;
using testing::Utf8Verdict;

std::string Hex(std::string_view text) {
  std::string hex;
  for (const char c : text) {
    for (const int shift : {4, 0}) hex += "0123456789abcdef"[static_cast<uint8_t>(c) >> shift & 15];
    hex += ' ';
  }
  return hex;
}

// Whether the validator agrees with the oracle on `text`, whole and cut in two at `cut`.
bool AgreesWhenCut(std::string_view text, size_t cut, const Utf8Verdict& verdict) {
  Utf8Validator validator;
  const bool head = validator.Feed(AsBytes(text.substr(0, cut)));
  if (head != !(verdict.bad_at && *verdict.bad_at < cut)) return false;
  if (!head) return true;
  const bool tail = validator.Feed(AsBytes(text.substr(cut)));
  if (tail == verdict.bad_at.has_value()) return false;
  return !tail || validator.AtBoundary() == verdict.at_boundary;
}

// That holds for every cut. A cut right behind the first bad byte, and one right before it, prove
// that the validator fails there and neither sooner nor later.
void ExpectAgreement(std::string_view text) {
  const Utf8Verdict verdict = JudgeUtf8(text);
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    if (AgreesWhenCut(text, cut, verdict)) continue;
    ADD_FAILURE() << Hex(text) << "cut at " << cut << ", bad at "
                  << (verdict.bad_at ? std::to_string(*verdict.bad_at) : "none");
  }
  EXPECT_EQ(IsUtf8(AsBytes(text)), !verdict.bad_at && verdict.at_boundary) << Hex(text);
}

TEST(Utf8OracleTest, KnowsTheEdges) {
  for (const std::string_view good :
       {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
        "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(!JudgeUtf8(good).bad_at && JudgeUtf8(good).at_boundary) << Hex(good);
  }
  struct {
    std::string_view text;
    size_t bad_at;
  } const kBad[] = {{"\x80", 0},
                    {"\xc0\x80", 0},
                    {"\xc1\xbf", 0},
                    {"\xe0\x9f\xbf", 1},
                    {"\xed\xa0", 1},
                    {"\xf0\x8f\xbf", 1},
                    {"\xf4\x90", 1},
                    {"\xf5", 0},
                    {"\xff", 0},
                    {"a\xc2"
                     "a",
                     2},
                    {"\xe2\x82"
                     "a",
                     2}};
  for (const auto& [text, bad_at] : kBad) EXPECT_EQ(JudgeUtf8(text).bad_at, bad_at) << Hex(text);
  EXPECT_FALSE(JudgeUtf8("\xe2\x82").bad_at);
  EXPECT_FALSE(JudgeUtf8("\xe2\x82").at_boundary);
}

TEST(Utf8Test, EverySequenceOfOneAndTwoBytes) {
  for (unsigned a = 0; a < 256; ++a) {
    ExpectAgreement(std::string{static_cast<char>(a)});
    for (unsigned b = 0; b < 256; ++b) {
      ExpectAgreement(std::string{static_cast<char>(a), static_cast<char>(b)});
    }
  }
}

// All 2^24 of them. The text before the last byte decides with it, so the oracle is asked for a
// prefix once, and a bad prefix needs no third byte: the validator is of no use after it.
TEST(Utf8Test, EverySequenceOfThreeBytes) {
  std::array<uint8_t, 3> bytes;
  const std::string_view text = base::AsText(bytes);
  size_t disagreements = 0;
  for (unsigned ab = 0; ab < 0x10000; ++ab) {
    bytes[0] = static_cast<uint8_t>(ab >> 8);
    bytes[1] = static_cast<uint8_t>(ab);
    const bool good_prefix = !JudgeUtf8(text.substr(0, 2)).bad_at;
    for (unsigned c = 0; c < 256; ++c) {
      bytes[2] = static_cast<uint8_t>(c);
      const Utf8Verdict verdict = good_prefix ? JudgeUtf8(text) : Utf8Verdict{0, false};
      Utf8Validator validator;
      const bool good = validator.Feed(bytes);
      if (good == verdict.bad_at.has_value() ||
          (good && validator.AtBoundary() != verdict.at_boundary)) {
        if (++disagreements <= 10) ADD_FAILURE() << Hex(text);
      }
    }
  }
  EXPECT_EQ(disagreements, 0u);
}

TEST(Utf8Test, EveryCutOfThreeBytesAtTheEdges) {
  for (unsigned a = 0x7f; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      for (const int c : {0x00, 0x7f, 0x80, 0xbf, 0xc0, 0xff}) {
        ExpectAgreement(
            std::string{static_cast<char>(a), static_cast<char>(b), static_cast<char>(c)});
      }
    }
  }
}

TEST(Utf8Test, EveryLeadOfFourBytesAtTheEdges) {
  constexpr uint8_t kEdges[] = {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xff};
  for (unsigned a = 0xef; a < 256; ++a) {
    for (unsigned b = 0; b < 256; ++b) {
      for (const uint8_t c : kEdges) {
        for (const uint8_t d : kEdges) {
          ExpectAgreement(std::string{static_cast<char>(a), static_cast<char>(b),
                                      static_cast<char>(c), static_cast<char>(d)});
        }
      }
    }
  }
}

TEST(Utf8Test, EveryCodePoint) {
  for (uint32_t code = 0; code <= 0x110000; ++code) {
    const bool legal = code < 0xd800 || (code > 0xdfff && code <= 0x10ffff);
    if (IsUtf8(AsBytes(EncodeUtf8(code))) != legal) ADD_FAILURE() << std::hex << code;
  }
}

// The fast way over ASCII looks at eight bytes at once: what it must not miss may stand anywhere.
TEST(Utf8Test, AnythingAtAnyPlaceInAscii) {
  for (const std::string_view odd : {"\x80", "\xff", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80",
                                     "\xe2\x82", "\xf0\x9f", "\xed\xa0\x80", "\xc0\xaf"}) {
    for (size_t before = 0; before <= 20; ++before) {
      for (size_t after = 0; after <= 20; ++after) {
        ExpectAgreement(std::string(before, 'a').append(odd).append(after, 'z'));
      }
    }
  }
}

// Each loop that this machine can run, not only the one that is taken: right and wrong sequences at
// every place of its turns, in text of characters of each size, cut off anywhere.
TEST(Utf8Test, EveryLoopSaysWhatTheOracleSays) {
  for (const Utf8BlockJudge& judge : Utf8BlockJudges()) {
    SCOPED_TRACE(judge.name);
    for (const std::string_view filler : {"a", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"}) {
      for (const std::string_view odd :
           {"", "z", "\x80", "\xff", "\xc2\xbf", "\xe0\xa0\x80", "\xf4\x8f\xbf\xbf", "\xe2\x82",
            "\xf0\x9f\x98", "\xe2\x82\xac\x80", "\xf0\x9f\x98\x80\x80", "\xc1\xbf", "\xe0\x9f\xbf",
            "\xed\xa0\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80"}) {
        for (size_t before = 0; before <= judge.block; before += filler.size()) {
          std::string text = "abc";
          for (size_t i = 0; i < before; i += filler.size()) text += filler;
          text += odd;
          while (text.size() < kUtf8LookBehind + 2 * judge.block) text += filler;
          for (size_t size = judge.block; size + kUtf8LookBehind <= text.size(); ++size) {
            const std::string cut = text.substr(0, kUtf8LookBehind + size);
            const base::Bytes judged = AsBytes(cut).subspan(kUtf8LookBehind);
            if (judge.is_valid(judged.data(), size) == JudgeUtf8(cut).bad_at.has_value()) {
              ADD_FAILURE() << Hex(cut);
            }
          }
        }
      }
    }
  }
}

// Where one vector ends and the next begins.
TEST(Utf8Test, EveryLoopKnowsEveryPairOfBytesAndWhatMayFollow) {
  for (const Utf8BlockJudge& judge : Utf8BlockJudges()) {
    SCOPED_TRACE(judge.name);
    std::string text(kUtf8LookBehind + judge.block, 'a');
    const base::Bytes judged = AsBytes(text).subspan(kUtf8LookBehind);
    char* const odd = text.data() + kUtf8LookBehind + judge.block / 2 - 1;
    for (unsigned ab = 0; ab < 0x10000; ++ab) {
      odd[0] = static_cast<char>(ab >> 8);
      odd[1] = static_cast<char>(ab & 0xff);
      for (const char c : {'a', '\x80', '\xbf', '\xc2'}) {
        for (const char d : {'a', '\x80', '\xbf', '\xc2'}) {
          odd[2] = c;
          odd[3] = d;
          const bool good = !JudgeUtf8(std::string_view(odd, 5)).bad_at;
          if (judge.is_valid(judged.data(), judged.size()) != good) ADD_FAILURE() << Hex(text);
        }
      }
    }
  }
}

TEST(Utf8Test, EmptyPiecesChangeNothing) {
  Utf8Validator validator;
  EXPECT_TRUE(validator.Feed({}));
  EXPECT_TRUE(validator.AtBoundary());
  EXPECT_TRUE(validator.Feed(AsBytes("\xe2\x82")));
  EXPECT_TRUE(validator.Feed({}));
  EXPECT_FALSE(validator.AtBoundary());
  EXPECT_TRUE(validator.Feed(AsBytes("\xac")));
  EXPECT_TRUE(validator.AtBoundary());
}

TEST(Utf8Test, ResetForgetsAHalfCharacterAndAFailure) {
  Utf8Validator validator;
  EXPECT_TRUE(validator.Feed(AsBytes("\xf0")));
  validator.Reset();
  EXPECT_TRUE(validator.AtBoundary());
  EXPECT_TRUE(validator.Feed(AsBytes("a")));
  EXPECT_FALSE(validator.Feed(AsBytes("\xed\xa0")));
  validator.Reset();
  EXPECT_TRUE(validator.Feed(AsBytes("\xc2\x80")));
  EXPECT_TRUE(validator.AtBoundary());
}

class Utf8Property : public test::Seeded {
 protected:
  void ExpectAgreementOnDamagedText(uint64_t most_characters) {
    std::string text;
    for (uint64_t n = Between(0, most_characters); n > 0; --n) {
      const uint32_t most[] = {0x7f, 0x7ff, 0xffff, 0x10ffff};
      text += EncodeUtf8(static_cast<uint32_t>(Between(0, most[Between(0, 3)])));
    }
    if (!text.empty() && OneIn(2)) text[Between(0, text.size() - 1)] = static_cast<char>(Byte());
    if (OneIn(4)) text.resize(Between(0, text.size()));
    ExpectAgreement(text);
  }
};

TEST_F(Utf8Property, DamagedTextFailsWhereTheOracleSays) {
  for (int round = 0; round < 3000; ++round) ExpectAgreementOnDamagedText(12);
}

TEST_F(Utf8Property, LongDamagedTextToo) {
  for (int round = 0; round < 300; ++round) ExpectAgreementOnDamagedText(150);
}

}  // namespace
}  // namespace sluice::websocket
