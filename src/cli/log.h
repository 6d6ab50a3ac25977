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

/// What suits standard output: text for a terminal, JSON for all else.
LogFormat FormatForStdout();

/// Writes from a thread of its own, so that a reader of our output that has stalled stalls no
/// session: when too much waits for it, lines are dropped, and their number is told later.
/// Destroying it writes what is left; if a stalled reader does not let it within 2 s, the program
/// ends there with status 1.
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

/// The line, without its end, for an event at `time_ms` milliseconds after the epoch.
std::string FormatLine(LogFormat format, int64_t time_ms, base::LogLevel level,
                       std::string_view event, std::span<const base::LogField> fields);

}  // namespace sluice::cli
