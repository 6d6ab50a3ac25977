#include "cli/log.h"

#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <ctime>
#include <future>
#include <thread>

#include <nlohmann/json.hpp>
#include <unistd.h>

#include "sluice/net/event_loop.h"

#include "cli/line_writer.h"

namespace sluice::cli {
namespace {

constexpr std::chrono::seconds kFlushTime{2};

int64_t TimeMs() {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
}

std::string_view ToString(base::LogLevel level) {
  switch (level) {
    case base::LogLevel::kDebug:
      return "debug";
    case base::LogLevel::kInfo:
      return "info";
    case base::LogLevel::kWarn:
      return "warn";
    case base::LogLevel::kError:
      return "error";
  }
  return "";
}

/// Formats the time as in RFC 3339, in UTC with milliseconds.
std::string FormatTime(int64_t time_ms) {
  // Only the first line of each second needs the date.
  thread_local time_t cached_second = -1;
  thread_local std::array<char, 40> text{};
  const time_t second = time_ms / 1000;
  if (second != cached_second) {
    tm utc{};
    gmtime_r(&second, &utc);
    std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
    cached_second = second;
  }
  const std::string milliseconds = std::to_string(1000 + time_ms % 1000);
  return std::string(text.data()).append(".").append(milliseconds, 1, 3).append("Z");
}

std::string Dump(const nlohmann::ordered_json& document) {
  // Bytes that are not UTF-8 are replaced, so that a line is always valid JSON. Characters outside
  // ASCII are escaped, because some control a terminal (U+009B) or the order of text (U+202E).
  return document.dump(-1, ' ', /*ensure_ascii=*/true,
                       nlohmann::ordered_json::error_handler_t::replace);
}

std::string FormatValue(const base::LogField::Value& value) {
  nlohmann::ordered_json quoted;
  std::visit([&quoted](const auto& v) { quoted = v; }, value);
  std::string text = Dump(quoted);
  // Quotes only where they are needed to read the line.
  const bool is_text = std::holds_alternative<std::string_view>(value);
  const bool is_word =
      is_text && text.size() > 2 && text.find_first_of(" =\\", 1) == std::string::npos;
  return is_word ? text.substr(1, text.size() - 2) : text;
}

bool NeedsEscape(char c) {
  return c < 0x20 || c > 0x7e || c == '"' || c == '\\';
}

/// Appends text of plain characters, which nearly all texts are, without a library.
void AppendJson(std::string& line, std::string_view text) {
  bool plain = true;  // No early exit, so that the compiler uses vectors.
  for (const char c : text) plain &= !NeedsEscape(c);
  if (!plain) {
    line.append(Dump(text));
    return;
  }
  line.push_back('"');
  line.append(text);
  line.push_back('"');
}

void AppendJson(std::string& line, const base::LogField::Value& value) {
  if (const auto* const text = std::get_if<std::string_view>(&value)) {
    AppendJson(line, *text);
  } else if (const auto* const number = std::get_if<int64_t>(&value)) {
    line.append(std::to_string(*number));
  } else if (const auto* const real = std::get_if<double>(&value); real && std::isfinite(*real)) {
    std::array<char, 32> digits;
    const std::string_view written(digits.begin(),
                                   std::to_chars(digits.begin(), digits.end(), *real).ptr);
    line.append(written);
    // Some readers take the types of fields from the first line.
    if (written.find_first_of(".e") == std::string_view::npos) line.append(".0");
  } else {
    std::visit([&line](const auto& v) { line.append(Dump(v)); }, value);
  }
}

std::string FormatJson(int64_t time_ms, base::LogLevel level, std::string_view event,
                       std::span<const base::LogField> fields) {
  std::string line;
  line.reserve(512);
  line.append(R"({"time":")").append(FormatTime(time_ms));
  line.append(R"(","level":")").append(ToString(level)).append(R"(","event":)");
  AppendJson(line, event);
  for (const auto& field : fields) {
    // Names of fields are plain words.
    line.append(R"(,")").append(field.key).append(R"(":)");
    AppendJson(line, field.value);
  }
  line.push_back('}');
  return line;
}

std::string FormatText(int64_t time_ms, base::LogLevel level, std::string_view event,
                       std::span<const base::LogField> fields) {
  std::string line = FormatTime(time_ms);
  line.append(" ").append(ToString(level));
  line.append(std::string(6 - ToString(level).size(), ' ')).append(event);
  for (const auto& field : fields) {
    line.append(" ").append(field.key).append("=").append(FormatValue(field.value));
  }
  return line;
}

}  // namespace

LogFormat FormatForStdout() {
  return isatty(STDOUT_FILENO) != 0 ? LogFormat::kText : LogFormat::kJson;
}

std::string FormatLine(LogFormat format, int64_t time_ms, base::LogLevel level,
                       std::string_view event, std::span<const base::LogField> fields) {
  return format == LogFormat::kJson ? FormatJson(time_ms, level, event, fields)
                                    : FormatText(time_ms, level, event, fields);
}

StdoutLog::StdoutLog(LogFormat format) : format_(format) {
  const net::SignalBlock block;  // Inherited by the thread that is started here.
  writer_ = std::make_unique<LineWriter>(STDOUT_FILENO, [format](uint64_t lines) {
    return FormatLine(format, TimeMs(), base::LogLevel::kWarn, "log_lines_dropped",
                      std::array{base::LogField("lines", lines)});
  });
}

StdoutLog::~StdoutLog() {
  // A stalled reader must not prevent the end of the program: the remaining lines are lost, and the
  // exit status is 1.
  std::promise<void> written;
  std::thread watchdog([done = written.get_future()] {
    if (done.wait_for(kFlushTime) == std::future_status::timeout) _exit(1);
  });
  writer_.reset();
  written.set_value();
  watchdog.join();
}

void StdoutLog::Write(base::LogLevel level, std::string_view event,
                      std::span<const base::LogField> fields) {
  writer_->Write(FormatLine(format_, TimeMs(), level, event, fields));
}

}  // namespace sluice::cli
