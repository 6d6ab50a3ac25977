// Adds options and arguments to a command, each with the function that parses its value. So every
// value has the same kind of error, a sentence such as "--port: expected a number from 0 to 65535,
// found '70000'", and CLI11 converts none.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "sluice/base/result.h"

namespace sluice::cli {

/// Parses and stores one value. The error says what was expected and what was found.
using TakeValue = std::function<base::Result<void, std::string>(std::string_view text)>;

/// `names` has the form of CLI11: `-c,--config`, or `FILE` for an argument.
CLI::Option* AddTakingOption(CLI::App& command, const std::string& names, TakeValue take,
                             const char* description);

/// Adds an option with one value. `parse` is a function from std::string_view to
/// base::Result<..., std::string>; `target` outlives the command.
template <typename T, typename Parse>
CLI::Option* AddOption(CLI::App& command, const char* names, T& target, Parse parse,
                       const char* description) {
  const auto take = [&target, parse](std::string_view text) -> base::Result<void, std::string> {
    auto parsed = parse(text);
    if (!parsed) return base::Unexpected(std::move(parsed).error());
    target = *std::move(parsed);
    return {};
  };
  return AddTakingOption(command, names, take, description);
}

/// Adds an option that may be repeated, each time with one value, or an argument for all remaining
/// values.
template <typename T, typename Parse>
CLI::Option* AddRepeatedOption(CLI::App& command, const char* names, std::vector<T>& target,
                               Parse parse, const char* description) {
  const auto take = [&target, parse](std::string_view text) -> base::Result<void, std::string> {
    auto parsed = parse(text);
    if (!parsed) return base::Unexpected(std::move(parsed).error());
    target.push_back(*std::move(parsed));
    return {};
  };
  CLI::Option* const option = AddTakingOption(command, names, take, description);
  option->expected(CLI::detail::expected_max_vector_size);
  // Otherwise an option would use the arguments after its value as well.
  if (!option->get_positional()) option->allow_extra_args(false);
  return option;
}

}  // namespace sluice::cli
