// The interface by which every module logs: the name of an event and its fields, never a formatted
// sentence. Only the composition root decides about the format (JSON or text).
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>
#include <type_traits>
#include <variant>

namespace sluice::base {

enum class LogLevel : uint8_t { kDebug, kInfo, kWarn, kError };

/// A named value of a log line. Holds views: it must not outlive the full expression that logs it.
struct LogField {
  using Value = std::variant<std::string_view, int64_t, double, bool>;

  LogField(std::string_view k, std::string_view v) : key(k), value(v) {}
  LogField(std::string_view k, const char* v) : key(k), value(std::string_view(v)) {}
  LogField(std::string_view k, bool v) : key(k), value(v) {}
  LogField(std::string_view k, double v) : key(k), value(v) {}
  template <std::integral T>
  requires(!std::is_same_v<T, bool>) LogField(std::string_view k, T v)
      : key(k), value(static_cast<int64_t>(v)) {}

  std::string_view key;
  Value value;
};

/// The destination of log lines. Called from every thread; an implementation locks as it needs.
class Log {
 public:
  virtual ~Log() = default;

  /// `event` is a short snake_case name ("session", "listening") that is stable between releases.
  /// Never pass a secret, a query string or payload.
  virtual void Write(LogLevel level, std::string_view event, std::span<const LogField> fields) = 0;

  void Write(LogLevel level, std::string_view event, std::initializer_list<LogField> fields) {
    Write(level, event, std::span(fields.begin(), fields.size()));
  }
};

}  // namespace sluice::base
