#include "config/reader.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <tuple>

#include "sluice/config/suggest.h"
#include "sluice/settings/quote.h"

#include "config/substitute.h"

namespace sluice::config {
namespace {

std::string Found(const YAML::Node& node) {
  switch (node.Type()) {
    case YAML::NodeType::Sequence:
      return "a list";
    case YAML::NodeType::Map:
      return "a mapping";
    case YAML::NodeType::Scalar:
      return settings::Quote(node.Scalar());
    case YAML::NodeType::Null:
    case YAML::NodeType::Undefined:
      break;
  }
  return "nothing";
}

std::string WrongKind(std::string_view what, const YAML::Node& node) {
  return "expected " + std::string(what) + ", found " + Found(node);
}

// A mapping in whose place some users write the value of its main key.
struct ShortForm {
  std::string_view mapping;
  std::string_view key;
};
constexpr ShortForm kShortForms[] = {
    {"admin", "address"},           {"basic", "users_file"}, {"compression", "enabled"},
    {"connect_retry", "for"},       {"match", "path"},       {"queue", "size"},
    {"keepalive", "ping_interval"},
};

// YAML 1.1's words for true and false, which the configuration does not accept.
std::string_view AsBool(std::string_view text) {
  if (text == "yes" || text == "on") return "true";
  if (text == "no" || text == "off") return "false";
  return text;
}

// Returns true for YAML's words for true and false, which only the key `enabled` accepts.
bool IsBool(std::string_view text) {
  const auto word = AsBool(text);
  return word == "true" || word == "false";
}

// Describes a mapping by its first keys, such as "a mapping (keys: rate, burst)".
std::string MappingWith(std::span<const std::string_view> keys) {
  constexpr size_t kMostNamed = 4;
  if (keys.empty()) return "a mapping";
  std::string text = "a mapping (keys: ";
  for (size_t i = 0; i < std::min(keys.size(), kMostNamed); ++i) {
    text.append(i == 0 ? "" : ", ").append(keys[i]);
  }
  return text + (keys.size() > kMostNamed ? ", ...)" : ")");
}

// Returns what was expected in place of a value that is not a mapping.
std::string ExpectedMapping(const Value& value, std::span<const std::string_view> keys) {
  static constexpr std::string_view kPlain = "-._:/*~";  // Besides letters and digits.
  const auto form = std::find_if(
      std::begin(kShortForms), std::end(kShortForms),
      [&value](const ShortForm& candidate) { return candidate.mapping == value.name; });
  const std::string plain = value.name.empty() ? "a mapping" : MappingWith(keys);
  if (form == std::end(kShortForms) || !value.node.IsScalar()) return plain;
  std::string_view text = value.node.Scalar();
  const bool is_plain = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           kPlain.find(c) != std::string_view::npos;
  });
  std::string_view key = form->key;
  const bool is_likely = is_plain && !text.empty() && text.size() <= 80;
  if (!is_likely || IsBool(text) != (key == "enabled")) return plain;
  if (key == "enabled") text = AsBool(text);
  if (key == "path" && !text.starts_with('/')) key = "host";
  return "a mapping such as {" + std::string(key) + ": " + std::string(text) + "}";
}

auto PlaceOf(const Diagnostic& diagnostic) {
  return std::tie(diagnostic.line, diagnostic.column);
}

}  // namespace

void Reader::Error(const YAML::Mark& mark, std::string message) {
  errors_.push_back(source_.At(mark.line, mark.column, std::move(message)));
}

void Reader::Error(const Value& value, std::string_view message) {
  Error(value.mark,
        value.name.empty() ? std::string(message) : value.name + ": " + std::string(message));
}

void Reader::Warn(const Value& value, std::string message) {
  auto warning = source_.At(value.mark.line, value.mark.column, std::move(message));
  warning.severity = Severity::kWarning;
  warnings_.push_back(std::move(warning));
}

void Reader::WarnOfReaders(const Value& value, const std::string& path) {
  if (!checks_.secrecy) return;
  if (const auto warning = checks_.secrecy(path)) {
    Warn(value, value.name + ": " + settings::Quote(path) + ' ' + *warning);
  }
}

bool Reader::IsMisspelt(const Value& mapping, std::string_view key) const {
  return misspelt_.contains({{mapping.mark.line, mapping.mark.column}, std::string(key)});
}

void Reader::Missing(const Value& mapping, std::string_view key) {
  if (IsMisspelt(mapping, key)) return;
  Error(mapping, "missing key " + settings::Quote(key));
}

bool Reader::ExpectMapping(const Value& value, std::span<const std::string_view> keys) {
  if (value.node.IsMap() || value.node.IsNull()) return true;
  Error(value, WrongKind(ExpectedMapping(value, keys), value.node));
  return false;
}

std::vector<Entry> Reader::Entries(const Value& mapping) {
  if (!mapping.node.IsMap()) return {};
  std::vector<Entry> entries;
  std::map<std::string_view, int> lines;
  for (const auto& pair : mapping.node) {
    const auto mark = pair.first.Mark();
    if (!pair.first.IsScalar()) {
      Error(mark, WrongKind("a key", pair.first));
      continue;
    }
    // The view refers to the text of the node, which lives as long as the tree.
    const auto [known, is_new] = lines.emplace(pair.first.Scalar(), mark.line + 1);
    if (!is_new) {
      Error(mark, "duplicate key " + settings::Quote(pair.first.Scalar()) +
                      "; it is already in line " + std::to_string(known->second));
      continue;
    }
    const auto& key = pair.first.Scalar();
    const bool has_place = !pair.second.IsNull();
    entries.push_back({key, mark, {key, pair.second, has_place ? pair.second.Mark() : mark}});
  }
  return entries;
}

std::vector<std::pair<size_t, Entry>> Reader::KnownEntries(const Value& mapping,
                                                           std::span<const std::string_view> keys,
                                                           std::span<const Misplaced> misplaced) {
  std::vector<std::pair<size_t, Entry>> known;
  for (auto& entry : Entries(mapping)) {
    const auto key = std::find(keys.begin(), keys.end(), entry.key);
    if (key != keys.end()) {
      known.emplace_back(key - keys.begin(), std::move(entry));
      continue;
    }
    const auto elsewhere =
        std::find_if(misplaced.begin(), misplaced.end(),
                     [&entry](const Misplaced& candidate) { return candidate.key == entry.key; });
    if (elsewhere != misplaced.end()) {
      Error(entry.key_mark, settings::Quote(entry.key) + ' ' + std::string(elsewhere->message));
    } else {
      Error(entry.key_mark, "unknown key " + settings::Quote(entry.key) +
                                Suggestion(entry.key, keys, "the known keys here are"));
      if (const auto meant = Nearest(entry.key, keys); !meant.empty()) {
        misspelt_.insert({{mapping.mark.line, mapping.mark.column}, std::string(meant)});
      }
    }
  }
  return known;
}

std::vector<Value> Reader::Items(const Value& list, std::string_view what) {
  const std::string expected = "a list of one or more " + std::string(what);
  if (!list.node.IsSequence()) {
    Error(list, WrongKind(expected, list.node));
    return {};
  }
  std::vector<Value> items;
  for (const auto& node : list.node) items.push_back({list.name, node, node.Mark()});
  if (items.empty()) Error(list, "expected " + expected + ", found an empty list");
  return items;
}

std::optional<std::string> Reader::Text(const Value& value, std::string_view what) {
  if (!value.node.IsScalar()) {
    Error(value, WrongKind(what, value.node));
    return std::nullopt;
  }
  auto text = Substitute(value.node.Scalar(), environment_);
  if (!text) {
    Error(value, text.error());
    return std::nullopt;
  }
  return *std::move(text);
}

// The parser's error for an empty text says what the parser expects: bounds, or words.
void Reader::ReportKind(const Value& value, std::string_view error_for_empty_text,
                        std::string_view what) {
  constexpr std::string_view kExpected = "expected ";
  constexpr std::string_view kFound = ", found ''";
  const auto begin = error_for_empty_text.find(kExpected);
  if (begin != std::string_view::npos) {
    what = error_for_empty_text.substr(begin + kExpected.size());
    if (what.ends_with(kFound)) what.remove_suffix(kFound.size());
  }
  const auto line = source_.Line(value.mark.line);
  const auto column = static_cast<size_t>(std::max(value.mark.column, 0));
  const bool is_word =
      value.node.IsNull() && column < line.size() && line.substr(column).starts_with("null");
  Error(value, WrongKind(what, value.node) + (is_word ? "; put the word null in quotes" : ""));
}

std::vector<Diagnostic> Reader::TakeAll() {
  auto taken = std::exchange(errors_, {});
  taken.insert(taken.end(), std::make_move_iterator(warnings_.begin()),
               std::make_move_iterator(warnings_.end()));
  warnings_.clear();
  std::stable_sort(taken.begin(), taken.end(), [](const Diagnostic& a, const Diagnostic& b) {
    return PlaceOf(a) < PlaceOf(b);
  });
  taken.erase(std::unique(taken.begin(), taken.end()), taken.end());
  return taken;
}

}  // namespace sluice::config
