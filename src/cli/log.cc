#include "cli/log.h"

#include <array>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <future>
#include <thread>

#include <nlohmann/json.hpp>
#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include "sluice/net/event_loop.h"

namespace sluice::cli {
namespace {

constexpr size_t kQueuedLines = 8192;
constexpr std::chrono::seconds kFlushTime{2};

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

spdlog::level::level_enum ToSpdlog(base::LogLevel level) {
  switch (level) {
    case base::LogLevel::kDebug:
      return spdlog::level::debug;
    case base::LogLevel::kInfo:
      return spdlog::level::info;
    case base::LogLevel::kWarn:
      return spdlog::level::warn;
    case base::LogLevel::kError:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

/// RFC 3339, UTC, with milliseconds.
std::string FormatTime(int64_t time_ms) {
  const time_t seconds = time_ms / 1000;
  tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 40> text{};
  const size_t length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text.data() + length, text.size() - length, ".%03dZ",
                static_cast<int>(time_ms % 1000));
  return text.data();
}

std::string Dump(const nlohmann::ordered_json& json) {
  // Bytes that are no UTF-8 are replaced: a line is always valid JSON.
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

std::string FormatValue(const base::LogField::Value& value) {
  nlohmann::ordered_json json;
  std::visit([&json](const auto& v) { json = v; }, value);
  std::string text = Dump(json);
  // Quotes only where a reader would miss them.
  const bool is_text = std::holds_alternative<std::string_view>(value);
  const bool is_word =
      is_text && text.size() > 2 && text.find_first_of(" =\\", 1) == std::string::npos;
  return is_word ? text.substr(1, text.size() - 2) : text;
}

std::string FormatJson(int64_t time_ms, base::LogLevel level, std::string_view event,
                       std::span<const base::LogField> fields) {
  nlohmann::ordered_json line;
  line["time"] = FormatTime(time_ms);
  line["level"] = ToString(level);
  line["event"] = event;
  for (const auto& field : fields) {
    std::visit([&](const auto& value) { line[std::string(field.key)] = value; }, field.value);
  }
  return Dump(line);
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
  const net::SignalBlock block;  // For the thread that is started here.
  spdlog::init_thread_pool(kQueuedLines, 1);
  logger_ = std::make_shared<spdlog::async_logger>(
      "sluice", std::make_shared<spdlog::sinks::stdout_sink_mt>(), spdlog::thread_pool(),
      spdlog::async_overflow_policy::overrun_oldest);
  logger_->set_pattern("%v");
  logger_->flush_on(spdlog::level::info);
}

StdoutLog::~StdoutLog() {
  // What is left is written by the log's thread. A reader that has stalled must not keep the
  // program from ending: then the rest is lost, and the exit status says so.
  std::promise<void> written;
  std::thread watchdog([done = written.get_future()] {
    if (done.wait_for(kFlushTime) == std::future_status::timeout) _exit(1);
  });
  spdlog::shutdown();  // Joins the log's thread, so nobody uses the logger any more.
  logger_.reset();
  written.set_value();
  watchdog.join();
}

void StdoutLog::Write(base::LogLevel level, std::string_view event,
                      std::span<const base::LogField> fields) {
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since_epoch).count();
  const std::string line = FormatLine(format_, ms, level, event, fields);
  logger_->log(ToSpdlog(level), spdlog::string_view_t(line));
}

}  // namespace sluice::cli
