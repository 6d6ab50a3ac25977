// Untrusted JSON: parsed without exceptions, and refused if an object has a name twice, because two
// readers might use different values.
#pragma once

#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

namespace sluice::auth {

/// Returns the line, from 1, of the first error in a text; unset if it is valid JSON.
std::optional<int> FindSyntaxError(std::string_view text);

/// Parses an object; unset if the text is not one.
std::optional<nlohmann::json> ParseObject(std::string_view text);

}  // namespace sluice::auth
