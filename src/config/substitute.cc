#include "config/substitute.h"

#include <algorithm>
#include <cstddef>

#include "sluice/settings/quote.h"

namespace sluice::config {
namespace {

using base::Result;
using base::Unexpected;

constexpr bool IsVariableCharacter(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool IsVariableName(std::string_view text) {
  return !text.empty() && !(text.front() >= '0' && text.front() <= '9') &&
         std::all_of(text.begin(), text.end(), IsVariableCharacter);
}

// Returns the value of `NAME` or `NAME:-default`.
Result<std::string, std::string> ValueOf(std::string_view reference,
                                         const Environment& environment) {
  const auto separator = reference.find(":-");
  const auto name = reference.substr(0, separator);
  if (!IsVariableName(name)) {
    return Unexpected(settings::Expected("the name of an environment variable after '${'", name));
  }
  auto value = environment(std::string(name));
  if (separator != std::string_view::npos) {
    if (!value || value->empty()) return std::string(reference.substr(separator + 2));
  } else if (!value) {
    const std::string shown(name);
    return Unexpected("the environment variable " + settings::Quote(name) +
                      " is not set; set it or write '${" + shown + ":-default}'");
  }
  return *std::move(value);
}

}  // namespace

Result<std::string, std::string> Substitute(std::string_view text, const Environment& environment) {
  std::string result;
  for (;;) {
    const auto dollar = text.find('$');
    result += text.substr(0, dollar);
    if (dollar == std::string_view::npos) return result;
    text.remove_prefix(dollar + 1);
    if (text.starts_with('$')) {
      result += '$';
      text.remove_prefix(1);
      continue;
    }
    if (!text.starts_with('{')) {
      return Unexpected<std::string>("expected '${NAME}' after a '$'; write '$$' for a '$'");
    }
    const auto end = text.find('}');
    if (end == std::string_view::npos) {
      return Unexpected<std::string>("a '${' without its '}'; write '$$' for a '$'");
    }
    auto value = ValueOf(text.substr(1, end - 1), environment);
    if (!value) return Unexpected(std::move(value).error());
    result += *value;
    text.remove_prefix(end + 1);
  }
}

}  // namespace sluice::config
