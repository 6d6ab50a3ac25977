// What yaml-cpp says of a file that is not YAML, in words that help.
#pragma once

#include <string>
#include <string_view>

namespace sluice::config {

/// The message for yaml-cpp's `message`; `source_line` is the line that it points at.
std::string DescribeSyntaxError(std::string_view message, std::string_view source_line);

}  // namespace sluice::config
