// "Did you mean": finds the known word that is most similar to a mistyped one.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace sluice::config {

/// Returns the smallest number of single-character changes (insert, delete, replace, swap of
/// neighbours) from `a` to `b`.
size_t EditDistance(std::string_view a, std::string_view b);

/// Returns the word of `known` that is most similar to `typed`; empty if none is similar enough.
std::string_view Nearest(std::string_view typed, std::span<const std::string_view> known);

/// Returns `; did you mean 'x'?`, or `; <label>: a, b, c` without a similar word, or an empty text
/// without known words.
std::string Suggestion(std::string_view typed, std::span<const std::string_view> known,
                       std::string_view label);

}  // namespace sluice::config
