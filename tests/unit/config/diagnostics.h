// Loads texts of configurations for tests, and shows the diagnostics of the loader.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/config/loader.h"

namespace sluice::config::testing {

/// For files that use no variables: one that happens to be set must not change the result.
inline std::optional<std::string> NoVariables(const std::string& /*name*/) {
  return std::nullopt;
}

/// Returns each diagnostic as the user reads it, with its line of the file.
inline std::vector<std::string> Shown(const std::vector<Diagnostic>& diagnostics) {
  std::vector<std::string> shown;
  for (const auto& diagnostic : diagnostics) shown.push_back(diagnostic.ToString());
  return shown;
}

/// Returns the text of each error, without its place; nothing if there is none.
inline std::vector<std::string> Messages(const LoadResult& loaded) {
  std::vector<std::string> messages;
  if (loaded) return messages;
  for (const auto& error : loaded.error()) messages.push_back(error.message);
  return messages;
}

/// Returns `line:column: message` of each error; nothing if there is none.
inline std::vector<std::string> Heads(const LoadResult& loaded) {
  std::vector<std::string> heads;
  if (loaded) return heads;
  for (const auto& error : loaded.error()) {
    heads.push_back(std::to_string(error.line) + ':' + std::to_string(error.column) + ": " +
                    error.message);
  }
  return heads;
}

/// Returns all diagnostics of a text that has at least one error.
inline std::vector<Diagnostic> Errors(const std::string& text) {
  auto loaded = LoadString(text, "f", NoVariables);
  EXPECT_FALSE(loaded) << text;
  return loaded ? std::vector<Diagnostic>() : std::move(loaded).error();
}

inline std::vector<std::string> Heads(const std::string& text) {
  const auto loaded = LoadString(text, "f", NoVariables);
  EXPECT_FALSE(loaded) << text;
  return Heads(loaded);
}

/// Returns the heads of a file whose only faults can be in `lines`, which follow two lines of
/// routes and listeners.
inline std::vector<std::string> HeadsWith(const std::string& lines) {
  return Heads(
      "listeners: [\"8080\"]\n"
      "routes: [{name: a, match: {path: /a}, backend: a:1}]\n" +
      lines);
}

/// Returns the heads of a file with one route, whose lines are given from `match` on, so that they
/// begin at line 4, column 5.
inline std::vector<std::string> HeadsOfRoute(const std::string& lines) {
  return Heads("listeners: [\"8080\"]\nroutes:\n  - name: a\n" + lines);
}

}  // namespace sluice::config::testing
