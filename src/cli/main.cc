// The program: runs the command of the command line. This file and cli/gateway.cc are the
// composition root.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "sluice/admin/probe.h"
#include "sluice/base/file.h"
#include "sluice/config/loader.h"
#include "sluice/server/config_checks.h"
#include "sluice/tls/system_authorities.h"

#include "cli/check.h"
#include "cli/command_line.h"
#include "cli/explain.h"
#include "cli/gateway.h"
#include "cli/log.h"
#include "cli/overrides.h"
#include "cli/privileges.h"
#include "cli/quick_config.h"
#include "cli/signals.h"

namespace sluice::embedded {
extern const std::string_view kDemoConfig;
}

namespace sluice::cli {
namespace {

constexpr int kOk = 0;
constexpr int kFailed = 1;
constexpr int kNoAnswer = 2;

// The address of a health check by default.
constexpr const char* kDefaultAdmin = "127.0.0.1:9090";

int Complain(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  return kFailed;
}

void Print(const std::vector<config::Diagnostic>& diagnostics) {
  for (const auto& diagnostic : diagnostics) Complain(diagnostic.ToString());
}

config::LoadResult Load(const std::string& file, base::FileKinds kinds = base::FileKinds::kAny) {
  return config::LoadFile(file, config::ProcessEnvironment(), server::AllFileChecks(), kinds);
}

int RunWithLog(settings::Config config, const ConfigSource* source = nullptr,
               const OnListening& on_listening = nullptr) {
  if (config.user) {
    // The log starts a thread.
    if (const auto done = ForbidNewPrivileges(); !done) return Complain(done.error());
  }
  StdoutLog log(FormatForStdout());
  return RunGateway(std::move(config), source, on_listening, log);
}

int Run(const RunQuick& command) {
  HoldSignals();
  auto config = QuickConfig(command);
  if (!config) return Complain(config.error());
  if (config->backends.front().tls && !tls::HasSystemAuthorities()) {
    Complain("warning: " + command.server +
             " is verified by the system's certificate authorities, and there are none, so it "
             "cannot be reached; install ca-certificates");
  }
  return RunWithLog(*std::move(config));
}

int Run(const RunFile& command) {
  HoldSignals();
  auto loaded = Load(command.file);
  if (!loaded) {
    Print(loaded.error());
    return kFailed;
  }
  Print(loaded->warnings);
  if (const auto hidden = DescribeHiddenOverride(command.overrides, loaded->config)) {
    std::fprintf(stderr, "warning: %s\n", hidden->c_str());
  }
  if (const auto applied = Apply(command.overrides, loaded->config); !applied) {
    return Complain(applied.error());
  }
  const ConfigSource source{command.file, std::move(loaded->text), [command] {
                              auto again = Load(command.file, base::FileKinds::kRegularOnly);
                              // It was applied before, so it cannot fail.
                              if (again) (void)Apply(command.overrides, again->config);
                              return again;
                            }};
  return RunWithLog(std::move(loaded->config), &source);
}

int Run(const RunDemo& command) {
  HoldSignals();
  auto loaded = config::LoadString(embedded::kDemoConfig, "config/demo.yaml");
  if (!loaded) {
    Print(loaded.error());
    return kFailed;
  }
  settings::Config& config = loaded->config;
  config.listeners.front().address.port = command.port;
  if (const auto applied = Apply(command.overrides, config); !applied) {
    return Complain(applied.error());
  }
  return RunWithLog(std::move(config), nullptr, [](uint16_t port) {
    std::fprintf(stderr, "Open http://localhost:%u/ in a browser. Ctrl-C ends it.\n", port);
  });
}

int Run(const Check& command) {
  return CheckFiles(command) ? kOk : kFailed;
}

int Run(const Explain& command) {
  const auto loaded = Load(command.file);
  if (!loaded) {
    Print(loaded.error());
    return kNoAnswer;
  }
  const auto explanation = ExplainRequest(loaded->config, command);
  if (!explanation) {
    Complain(explanation.error());
    return kNoAnswer;
  }
  std::fputs(explanation->text.c_str(), stdout);
  return explanation->is_accepted ? kOk : kFailed;
}

/// Returns the address of the admin listener that a health check asks. Errors are printed.
std::optional<settings::Endpoint> FindAdmin(const HealthCheck& command) {
  if (command.admin || !command.file) {
    auto address = ParseAdmin(command.admin.value_or(Override{kDefaultAdmin, "the default"}));
    if (address) return *std::move(address);
    Complain(address.error());
    return std::nullopt;
  }
  auto admin = config::LoadAdmin(*command.file);
  if (!admin) {
    Print(admin.error());
    return std::nullopt;
  }
  if (*admin) return (**admin).address;
  Complain(*command.file + " has no 'admin', so sluice answers no health check; add one, or set " +
           kAdminVariable);
  return std::nullopt;
}

int Run(const HealthCheck& command) {
  const auto address = FindAdmin(command);
  if (!address) return kFailed;
  const auto answer =
      admin::Probe(*address, "/healthz", std::chrono::seconds(command.timeout_seconds));
  if (!answer) return Complain("not healthy: " + answer.error());
  std::puts("healthy");
  return kOk;
}

int Main(int argc, char** argv) {
  IgnoreSignals();
  const auto parsed = ParseCommandLine(argc, argv);
  if (const int* exit_code = std::get_if<int>(&parsed)) return *exit_code;
  return std::visit([](const auto& command) { return Run(command); }, std::get<Command>(parsed));
}

}  // namespace
}  // namespace sluice::cli

int main(int argc, char** argv) {
  return sluice::cli::Main(argc, argv);
}
