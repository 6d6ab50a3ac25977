// The fields of a log line, some of which own their text. For lines with many fields.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/log.h"
#include "sluice/base/text.h"

namespace sluice::base {

class LogLine {
 public:
  /// A value that outlives the line, or a number.
  template <typename T>
  void Add(std::string_view key, const T& value) {
    fields_.emplace_back(key, value);
  }
  void Add(std::string_view key, std::string&& value) {
    fields_.emplace_back(key, texts_.emplace_back(std::move(value)));
  }

  /// Adds text that a client has chosen, cut to a bounded length. Adds nothing if it is empty.
  void AddClientText(std::string_view key, std::string_view text) {
    if (!text.empty()) Add(key, base::Excerpt(text));
  }

  void Write(base::Log& log, base::LogLevel level, std::string_view event) const {
    log.Write(level, event, fields_);
  }

 private:
  std::deque<std::string> texts_;  // A deque, because its elements never move.
  std::vector<base::LogField> fields_;
};

}  // namespace sluice::base
