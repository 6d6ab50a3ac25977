// JSON from strangers: parsed without exceptions, and refused where a name stands twice, since of
// two readers each might take another of the values.
#pragma once

#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

namespace sluice::auth {

/// The line, from 1, where a text stops being JSON; nothing if it is JSON.
std::optional<int> FindSyntaxError(std::string_view text);

/// An object; nothing if the text is anything else.
std::optional<nlohmann::json> ParseObject(std::string_view text);

}  // namespace sluice::auth
