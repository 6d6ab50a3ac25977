// Loads configurations without errors for tests.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "sluice/config/loader.h"

#include "config/diagnostics.h"

namespace sluice::config::testing {

/// The variables of Load.
inline std::optional<std::string> Lookup(const std::string& name) {
  if (name == "PORT") return "9000";
  if (name == "LAB") return "lab";
  return std::nullopt;
}

inline Loaded Load(const std::string& text) {
  auto loaded = LoadString(text, "sluice.yaml", Lookup);
  EXPECT_TRUE(loaded) << ::testing::PrintToString(Shown(loaded.error()));
  return loaded ? *std::move(loaded) : Loaded{};
}

inline constexpr char kMinimal[] = R"(
listeners: ["8080"]
routes:
  - {name: all, match: {path: /**}, backend: localhost:5900}
)";

}  // namespace sluice::config::testing
