#include "config/syntax_error.h"

#include <algorithm>
#include <array>

namespace sluice::config {
namespace {

struct Rewording {
  std::string_view yaml_cpp;  // the beginning of its message
  std::string_view ours;
};

constexpr std::string_view kStar = "a value that begins with '*' must be in quotes";
constexpr std::string_view kAmpersand = "a value that begins with '&' must be in quotes";

constexpr auto kRewordings = std::to_array<Rewording>({
    {"illegal map value",
     "found a key where none is expected; check the indentation, and put a value that contains "
     "': ' in quotes"},
    {"illegal map key", "found a key where none is expected; check the indentation"},
    {"end of map not found",
     "expected the next key of the mapping here; check the indentation, and put a value that "
     "begins with '[', '{' or a quote in quotes as a whole"},
    {"end of map flow not found",
     "expected ',' or '}' here; put a value that contains '{', '}', '[', ']' or ', ' in quotes"},
    {"end of sequence not found",
     "expected the next '- ' of the list here; check the indentation, and put a value that begins "
     "with '[', '{' or a quote in quotes as a whole"},
    {"end of sequence flow not found",
     "expected ',' or ']' here; put a value that contains '{', '}', '[', ']' or ', ' in quotes"},
    {"illegal flow end", "a '}' or ']' that closes nothing; put the value in quotes"},
    {"illegal block entry", "a list cannot begin here; begin it on a line of its own"},
    {"illegal tab", "a tab cannot indent; use spaces"},
    {"the referenced anchor is not defined", kStar},
    {"alias not found after *", kStar},
    {"illegal character found while scanning alias", kStar},
    {"anchor not found after &", kAmpersand},
    {"illegal character found while scanning anchor", kAmpersand},
    {"unknown token", "this character cannot begin a value; put the value in quotes"},
    {"unknown escape character",
     "an unknown escape in double quotes; write '\\\\' for a backslash, or use single quotes"},
    {"illegal EOF in scalar", "the closing quote is missing"},
    {"illegal document indicator in scalar", "the closing quote is missing"},
    {"bad file", "this is nested too deeply"},
});

}  // namespace

std::string DescribeSyntaxError(std::string_view message, std::string_view source_line) {
  const std::string prefix = "not valid YAML: ";
  // yaml-cpp treats a tab as part of the text, and then reports the text after it.
  const auto indentation = source_line.substr(0, source_line.find_first_not_of(" \t"));
  if (indentation.find('\t') != std::string_view::npos) {
    return prefix + "a tab cannot indent; use spaces";
  }
  const auto row = std::find_if(
      kRewordings.begin(), kRewordings.end(),
      [message](const Rewording& candidate) { return message.starts_with(candidate.yaml_cpp); });
  return prefix + std::string(row == kRewordings.end() ? message : row->ours);
}

}  // namespace sluice::config
