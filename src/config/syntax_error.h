// Turns the messages of yaml-cpp about files that are not YAML into messages that help.
#pragma once

#include <string>
#include <string_view>

namespace sluice::config {

/// Returns the message for yaml-cpp's `message`; `source_line` is the line of its place.
std::string DescribeSyntaxError(std::string_view message, std::string_view source_line);

}  // namespace sluice::config
