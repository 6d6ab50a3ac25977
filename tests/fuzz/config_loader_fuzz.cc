// Any bytes as a configuration file: the loader must answer with a Config or with diagnostics that
// point into the file, and showing them must be safe. The environment is fixed, so that runs
// repeat.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/config/loader.h"

namespace {

using sluice::config::Diagnostic;

std::optional<std::string> Lookup(const std::string& name) {
  if (name == "PORT") return "8080";
  if (name == "HOST") return "db.example.com";
  return std::nullopt;
}

void Check(bool holds) {
  if (!holds) std::abort();
}

void CheckDiagnostics(const std::vector<Diagnostic>& diagnostics) {
  for (const auto& diagnostic : diagnostics) {
    Check(!diagnostic.message.empty());
    Check(diagnostic.line == 0 || diagnostic.column >= 1);
    Check(diagnostic.ToString().starts_with("fuzz.yaml:"));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto loaded = sluice::config::LoadString(text, "fuzz.yaml", Lookup);
  if (!loaded) {
    Check(!loaded.error().empty());
    CheckDiagnostics(loaded.error());
    return 0;
  }
  CheckDiagnostics(loaded->warnings);
  // What the types promise of a loaded configuration.
  Check(!loaded->config.listeners.empty() && !loaded->config.routes.empty());
  for (const auto& route : loaded->config.routes) {
    Check(!route.name.empty() && route.backend.has_value() != route.is_console);
    Check(!route.backend || !loaded->config.backends.at(*route.backend).servers.empty());
  }
  for (const auto& backend : loaded->config.backends) {
    for (const auto& server : backend.servers) {
      const auto again = sluice::settings::ParseConfiguredServer(server.address.ToString());
      Check(again.has_value() && *again == server.address);
    }
  }
  return 0;
}
