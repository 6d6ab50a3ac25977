// Reads a tree of YAML nodes by tables of fields, and collects the errors. One
// mapping of the file is one table: the key, and the function that reads its value into a struct.
// The known keys, the "did you mean" and the check of the JSON Schema all come from these tables.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "sluice/base/result.h"
#include "sluice/config/loader.h"

#include "config/source_text.h"

namespace sluice::config {

/// A node and its name in messages: its key, or the key of its list.
struct Value {
  std::string name;
  YAML::Node node;
  YAML::Mark mark;  // of the key, if there is no node
};

/// One key of a mapping.
template <typename T>
struct Field {
  std::string_view key;
  void (*read)(class Reader& reader, const Value& value, T& target);
};

/// A key that belongs elsewhere, and the message that says where.
struct Misplaced {
  std::string_view key;
  std::string_view message;
};

/// A key of the file with its value.
struct Entry {
  std::string key;
  YAML::Mark key_mark;
  Value value;
};

template <typename T>
std::vector<std::string_view> KeysOf(std::span<const Field<T>> fields) {
  std::vector<std::string_view> keys;
  for (const auto& field : fields) keys.push_back(field.key);
  return keys;
}

/// Keeps references to its arguments. Not thread-safe.
class Reader {
 public:
  Reader(const SourceText& source, const Environment& environment, const FileChecks& checks)
      : source_(source), environment_(environment), checks_(checks) {}

  void Error(const YAML::Mark& mark, std::string message);
  /// Reports an error at a value. The value's name and a colon precede `message`.
  void Error(const Value& value, std::string_view message);
  void Warn(const Value& value, std::string message);
  /// Warns if other users may read the secret in a file, or in the files of a directory.
  void WarnOfReaders(const Value& value, const std::string& path);
  /// Reports that a mapping lacks a required key, unless the key is misspelt, which has been
  /// reported.
  void Missing(const Value& mapping, std::string_view key);
  /// Returns true if the mapping has an unknown key for which this one was suggested.
  bool IsMisspelt(const Value& mapping, std::string_view key) const;

  /// Reads every key of a mapping that `fields` knows. Other keys, duplicates and values that are
  /// no mappings are errors. An empty value counts as a mapping without keys. Returns false if
  /// there is no mapping: then no missing key is to be reported.
  template <typename T>
  bool ReadMapping(const Value& value, std::span<const Field<T>> fields, T& target,
                   std::span<const Misplaced> misplaced = {}) {
    const auto keys = KeysOf(fields);
    if (!ExpectMapping(value, keys)) return false;
    for (const auto& [index, entry] : KnownEntries(value, keys, misplaced)) {
      fields[index].read(*this, entry.value, target);
    }
    return true;
  }

  /// Returns true if the value is a mapping, or empty. Otherwise reports an error, with the first
  /// of `keys`.
  bool ExpectMapping(const Value& value, std::span<const std::string_view> keys = {});

  /// Returns the entries of a mapping. Reports duplicates, and omits them.
  std::vector<Entry> Entries(const Value& mapping);

  /// Returns the items of a list. Empty lists and other values are errors; `what` names the items.
  std::vector<Value> Items(const Value& list, std::string_view what);

  /// Returns the text of a scalar after substitution; `what` says what is expected.
  std::optional<std::string> Text(const Value& value, std::string_view what);

  /// Reads a scalar by `parse`, a function from std::string_view to base::Result<..., std::string>.
  /// After an error, reports it, leaves `target` unchanged, and returns false. For a value that is
  /// no scalar, the message says what `parse` expects, or `what` if `parse` does not say it.
  template <typename Parse, typename T>
  bool ReadScalar(const Value& value, std::string_view what, Parse parse, T& target) {
    if (!value.node.IsScalar()) {
      const auto of_nothing = parse(std::string_view());
      ReportKind(value, of_nothing ? std::string_view() : of_nothing.error(), what);
      return false;
    }
    const auto text = Text(value, what);
    if (!text) return false;
    auto parsed = parse(std::string_view(*text));
    if (!parsed) {
      Error(value, parsed.error());
      return false;
    }
    target = *std::move(parsed);
    return true;
  }

  /// Returns the path of a file that the configuration names.
  std::string PathFromHere(std::string_view path) const { return source_.PathFromHere(path); }

  const FileChecks& checks() const { return checks_; }

  bool has_errors() const { return !errors_.empty(); }

  /// Returns the reported errors and warnings, sorted by place, without duplicates (a YAML alias
  /// repeats a node).
  std::vector<Diagnostic> TakeAll();

 private:
  std::vector<std::pair<size_t, Entry>> KnownEntries(const Value& mapping,
                                                     std::span<const std::string_view> keys,
                                                     std::span<const Misplaced> misplaced);
  void ReportKind(const Value& value, std::string_view error_for_empty_text, std::string_view what);

  const SourceText& source_;
  const Environment& environment_;
  const FileChecks& checks_;
  std::set<std::pair<std::pair<int, int>, std::string>> misspelt_;  // Line and column, and the key.
  std::vector<Diagnostic> errors_;
  std::vector<Diagnostic> warnings_;
};

}  // namespace sluice::config
