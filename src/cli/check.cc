#include "cli/check.h"

#include <cstdio>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "sluice/config/loader.h"
#include "sluice/server/config_checks.h"
#include "sluice/server/exposure.h"

namespace sluice::cli {
namespace {

using config::Diagnostic;
using config::Severity;

constexpr const char* kStandardInput = "<stdin>";

/// A running gateway logs the exposure as events of its own.
config::FileChecks ChecksOfFile() {
  auto checks = server::AllFileChecks();
  checks.exposure = server::AnyHostWarning;
  return checks;
}

config::LoadResult LoadStandardInput() {
  // One byte more than allowed, so that a longer text is refused and not cut.
  std::string text(config::kMaxFileSize + 1, '\0');
  std::cin.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(std::cin.gcount()));
  return config::LoadString(text, kStandardInput, config::ProcessEnvironment(), ChecksOfFile());
}

config::LoadResult LoadForCheck(const std::string& file) {
  if (file == "-") return LoadStandardInput();
  return config::LoadFile(file, config::ProcessEnvironment(), ChecksOfFile());
}

nlohmann::json ToJson(const Diagnostic& diagnostic) {
  const auto number = [](int value) {
    return value == 0 ? nlohmann::json() : nlohmann::json(value);
  };
  return {{"file", diagnostic.file},
          {"line", number(diagnostic.line)},
          {"column", number(diagnostic.column)},
          {"severity", diagnostic.severity == Severity::kError ? "error" : "warning"},
          {"message", diagnostic.message}};
}

std::string CountOf(size_t number, const char* noun) {
  return std::to_string(number) + ' ' + noun + (number == 1 ? "" : "s");
}

void PrintResult(const std::string& file, const settings::Config& config, size_t warnings,
                 bool is_good) {
  std::string result = (is_good ? ": ok, " : ": failed, ") + CountOf(config.routes.size(), "route");
  if (warnings != 0) result += ", " + CountOf(warnings, "warning");
  std::printf("%s%s\n", file.c_str(), result.c_str());
  const auto exposure = server::FindExposure(config);
  if (exposure.routes.empty()) return;
  std::printf("%s: without auth: %s\n", file.c_str(), server::ListOf(exposure.routes).c_str());
}

}  // namespace

bool CheckFiles(const Check& command) {
  const bool is_text = command.format == Check::Format::kText;
  bool is_good = true;
  auto list = nlohmann::json::array();
  for (const auto& file : command.files) {
    const auto loaded = LoadForCheck(file);
    const auto& diagnostics = loaded ? loaded->warnings : loaded.error();
    const bool is_file_good = loaded && (!command.is_strict || diagnostics.empty());
    is_good &= is_file_good;
    for (const auto& diagnostic : diagnostics) {
      if (is_text) {
        std::fprintf(stderr, "%s\n", diagnostic.ToString().c_str());
      } else {
        list.push_back(ToJson(diagnostic));
      }
    }
    if (loaded && is_text) {
      PrintResult(file == "-" ? kStandardInput : file, loaded->config, diagnostics.size(),
                  is_file_good);
    }
  }
  // A path may contain any bytes.
  constexpr auto kReplace = nlohmann::json::error_handler_t::replace;
  if (!is_text) std::printf("%s\n", list.dump(2, ' ', false, kReplace).c_str());
  return is_good;
}

}  // namespace sluice::cli
