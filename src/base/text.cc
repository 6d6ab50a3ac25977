#include "sluice/base/text.h"

#include <algorithm>
#include <charconv>

namespace sluice::base {
namespace {

constexpr char LowerCase(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

constexpr bool IsTokenCharacter(char c) {
  if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) return true;
  return std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

constexpr bool IsLabelCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
         c == '_';
}

/// Removes the first element of a list, and returns it trimmed.
std::string_view TakeElement(std::string_view& list) {
  const auto comma = list.find(',');
  const auto element = TrimWhitespace(list.substr(0, comma));
  list.remove_prefix(comma == std::string_view::npos ? list.size() : comma + 1);
  return element;
}

}  // namespace

std::string ToLower(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), LowerCase);
  return lower;
}

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return x == y || LowerCase(x) == LowerCase(y); });
}

bool MatchesNamePattern(std::string_view pattern, std::string_view name) {
  if (!pattern.starts_with("*.")) return EqualsIgnoringCase(name, pattern);
  const auto dot = std::min(name.find('.'), name.size());
  const auto label = name.substr(0, dot);
  return !label.empty() && std::all_of(label.begin(), label.end(), IsLabelCharacter) &&
         EqualsIgnoringCase(name.substr(dot), pattern.substr(1));
}

bool MatchesCertificateName(std::string_view pattern, std::string_view name) {
  const auto colon = std::min(pattern.find(':'), pattern.size());
  const auto type = pattern.substr(0, colon);
  if (!name.starts_with(type) || name.size() == colon || name[colon] != ':') return false;
  if (type == "uri") return pattern == name;
  return MatchesNamePattern(pattern.substr(colon + 1), name.substr(colon + 1));
}

std::string_view TrimWhitespace(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view WithoutByteOrderMark(std::string_view text) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  return text;
}

std::vector<std::string_view> SplitList(std::string_view value) {
  std::vector<std::string_view> elements;
  while (!value.empty()) {
    if (const auto element = TakeElement(value); !element.empty()) elements.push_back(element);
  }
  return elements;
}

bool ListContains(std::string_view value, std::string_view token) {
  while (!value.empty()) {
    if (EqualsIgnoringCase(TakeElement(value), token)) return true;
  }
  return false;
}

bool IsToken(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), IsTokenCharacter);
}

std::string Excerpt(std::string_view text, size_t limit) {
  if (text.size() <= limit) return std::string(text);
  const auto continues = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; };
  size_t end = limit;
  while (end > 0 && limit - end < 3 && continues(text[end])) --end;
  return std::string(text.substr(0, end)).append("...");
}

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::optional<uint64_t> ParseNumber(std::string_view text, uint64_t max) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || number > max) {
    return std::nullopt;
  }
  return number;
}

}  // namespace sluice::base
