// Files with one entry in each line, and comments: users and tokens.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/text.h"
#include "sluice/settings/file_fault.h"

namespace sluice::auth {

/// Calls `parse` with each trimmed line that is neither empty nor a comment. `parse` returns what
/// is wrong with the line, or an empty text. Stops after settings::kMostFileFaults faults.
template <typename Parse>
void ForEachEntry(std::string_view text, std::vector<settings::FileFault>& faults, Parse parse) {
  text = base::WithoutByteOrderMark(text);
  for (int number = 1; !text.empty() && faults.size() < settings::kMostFileFaults; ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = base::TrimWhitespace(line);
    if (line.empty() || line.starts_with('#')) continue;
    if (std::string fault = parse(line); !fault.empty()) {
      faults.push_back({.line = number, .message = std::move(fault)});
    }
  }
}

}  // namespace sluice::auth
