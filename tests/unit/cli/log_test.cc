#include "cli/log.h"

#include <array>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace sluice::cli {
namespace {

using base::LogField;
using base::LogLevel;

constexpr int64_t kTime = 1'700'000'000'007;  // 2023-11-14T22:13:20.007Z

template <size_t kCount>
std::string Line(LogFormat format, const std::array<LogField, kCount>& fields) {
  return FormatLine(format, kTime, LogLevel::kInfo, "session", fields);
}

TEST(LogTest, Json) {
  EXPECT_EQ(Line(LogFormat::kJson, std::array{LogField("route", "vnc"), LogField("code", 1000),
                                              LogField("ok", true), LogField("seconds", 1.5)}),
            R"({"time":"2023-11-14T22:13:20.007Z","level":"info","event":"session",)"
            R"("route":"vnc","code":1000,"ok":true,"seconds":1.5})");
}

TEST(LogTest, ARealNumberIsNeverTakenForAnInteger) {
  for (const auto& [number, text] :
       {std::pair{0.0, "0.0"}, std::pair{3.0, "3.0"}, std::pair{0.25, "0.25"}}) {
    EXPECT_EQ(Line(LogFormat::kJson, std::array{LogField("seconds", number)}),
              R"({"time":"2023-11-14T22:13:20.007Z","level":"info","event":"session",)"
              R"("seconds":)" +
                  std::string(text) + "}");
  }
}

TEST(LogTest, Text) {
  EXPECT_EQ(Line(LogFormat::kText, std::array{LogField("route", "vnc"), LogField("code", -1),
                                              LogField("detail", "two words")}),
            R"(2023-11-14T22:13:20.007Z info  session route=vnc code=-1 detail="two words")");
}

TEST(LogTest, WhateverTheTextALineIsValidJsonAndOneLine) {
  for (const std::string& text :
       {std::string("quote \" and \\"), std::string("line\nend\r\t\x01\x7f"), std::string("\0", 1),
        std::string("gr\xc3\xbc\xc3\x9f"), std::string("no \xff UTF-8"), std::string()}) {
    const std::string line = Line(LogFormat::kJson, std::array{LogField("text", text)});
    EXPECT_EQ(line.find('\n'), std::string::npos);
    const auto json = nlohmann::json::parse(line, nullptr, /*allow_exceptions=*/false);
    ASSERT_FALSE(json.is_discarded()) << line;
    if (text.find('\xff') == std::string::npos) {
      EXPECT_EQ(json["text"], text);
    }
  }
}

TEST(LogTest, WhatIsNoAsciiIsEscaped) {
  const LogField field("user", "\xc3\xbc\x7f\xc2\x9b");  // U+009B begins a terminal's sequences.
  EXPECT_EQ(Line(LogFormat::kText, std::array{field}),
            R"(2023-11-14T22:13:20.007Z info  session user="\u00fc\u007f\u009b")");
  EXPECT_EQ(Line(LogFormat::kJson, std::array{field}),
            R"({"time":"2023-11-14T22:13:20.007Z","level":"info","event":"session",)"
            R"("user":"\u00fc\u007f\u009b"})");
}

TEST(LogTest, TheSecondChanges) {
  for (const auto& [ms, text] :
       {std::pair{0, "1970-01-01T00:00:00.000Z"}, std::pair{999, "1970-01-01T00:00:00.999Z"},
        std::pair{61'050, "1970-01-01T00:01:01.050Z"}}) {
    EXPECT_EQ(FormatLine(LogFormat::kText, ms, LogLevel::kWarn, "e", {}),
              std::string(text) + " warn  e");
  }
}

}  // namespace
}  // namespace sluice::cli
