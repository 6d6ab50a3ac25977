// "Did you mean": the known word nearest to a mistyped one.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sluice::config {

/// The fewest single-character changes (insert, delete, replace, swap of neighbours) from `a` to
/// `b`.
size_t EditDistance(std::string_view a, std::string_view b);

/// The word of `known` that `typed` was probably meant to be, empty if none is near enough.
std::string_view Nearest(std::string_view typed, std::span<const std::string_view> known);

/// `; did you mean 'x'?`, or else `; <label>: a, b, c`, or nothing if there are no known words.
std::string Suggestion(std::string_view typed, std::span<const std::string_view> known,
                       std::string_view label);

}  // namespace sluice::config
