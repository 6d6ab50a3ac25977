// The program's log: one line per event on standard output, JSON for machines, text for people.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "sluice/base/log.h"

namespace sluice::cli {

class LineWriter;

enum class LogFormat : uint8_t { kJson, kText };

/// Returns the format for standard output: text for a terminal, JSON otherwise.
LogFormat FormatForStdout();

/// Writes in its own thread, so that a stalled reader of the output stalls no session. If too much
/// waits, lines are dropped, and their number is logged later. Destroying the log writes the
/// waiting lines. If a stalled reader prevents that for 2 s, the program ends with status 1.
class StdoutLog final : public base::Log {
 public:
  explicit StdoutLog(LogFormat format);
  ~StdoutLog() override;

  using base::Log::Write;
  void Write(base::LogLevel level, std::string_view event,
             std::span<const base::LogField> fields) override;

 private:
  const LogFormat format_;
  std::unique_ptr<LineWriter> writer_;
};

/// Returns the line, without its end, for an event at `time_ms` milliseconds after the epoch.
std::string FormatLine(LogFormat format, int64_t time_ms, base::LogLevel level,
                       std::string_view event, std::span<const base::LogField> fields);

}  // namespace sluice::cli
