// A log that keeps its lines.
#pragma once

#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "sluice/base/log.h"

namespace sluice::base::testing {

class RecordingLog final : public Log {
 public:
  struct Line {
    LogLevel level;
    std::string event;
    std::map<std::string, std::string, std::less<>> fields;
    /// The field as text; `-` if it is not there.
    std::string operator[](std::string_view key) const {
      const auto found = fields.find(key);
      return found == fields.end() ? "-" : found->second;
    }
  };

  void Write(LogLevel level, std::string_view event, std::span<const LogField> fields) override {
    Line line{level, std::string(event), {}};
    for (const auto& field : fields) {
      std::visit([&](const auto& value) { line.fields[std::string(field.key)] = Text(value); },
                 field.value);
    }
    lines.push_back(std::move(line));
  }

  std::vector<Line> lines;

 private:
  static std::string Text(std::string_view value) { return std::string(value); }
  static std::string Text(int64_t value) { return std::to_string(value); }
  static std::string Text(double value) { return std::to_string(value); }
  static std::string Text(bool value) { return value ? "true" : "false"; }
};

}  // namespace sluice::base::testing
