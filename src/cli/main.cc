// The program: from the command line to what it asks for. Every part is put together here and in
// cli/gateway.cc, and nowhere else.
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>
#include <vector>

#include "sluice/admin/probe.h"
#include "sluice/config/loader.h"
#include "sluice/net/tls_context.h"
#include "sluice/server/exposure.h"

#include "cli/command_line.h"
#include "cli/explain.h"
#include "cli/gateway.h"
#include "cli/log.h"
#include "cli/quick_config.h"

namespace sluice::embedded {
extern const std::string_view kDemoConfig;
}

namespace sluice::cli {
namespace {

constexpr int kOk = 0;
constexpr int kFailed = 1;
constexpr int kNoAnswer = 2;

int Complain(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  return kFailed;
}

void Print(const std::vector<config::Diagnostic>& diagnostics, std::string_view kind) {
  for (const auto& diagnostic : diagnostics) {
    std::fprintf(stderr, "%s%s\n", std::string(kind).c_str(), diagnostic.ToString().c_str());
  }
}

config::LoadResult Load(const std::string& file) {
  return config::LoadFile(
      file, config::ProcessEnvironment(),
      {net::CheckCertificate, net::CheckAuthorities, net::CheckCrls, net::IsCipher});
}

int RunWithLog(config::Config config, const ConfigSource* source = nullptr) {
  StdoutLog log(FormatForStdout());
  return RunGateway(std::move(config), source, log);
}

// The file's own `admin` comes first.
base::Result<void, std::string> SetAdmin(config::Config& config,
                                         const std::optional<std::string>& admin) {
  if (!admin || config.admin) return {};
  auto address = config::ParseListenAddress(*admin);
  if (!address) return base::Unexpected("--admin: " + address.error());
  config.admin = config::Admin{*std::move(address)};
  return {};
}

int Run(const RunQuick& command) {
  auto config = QuickConfig(command);
  return config ? RunWithLog(*std::move(config)) : Complain(config.error());
}

int Run(const RunFile& command) {
  auto loaded = Load(command.file);
  if (!loaded) {
    Print(loaded.error(), "");
    return kFailed;
  }
  Print(loaded->warnings, "warning: ");
  if (const auto set = SetAdmin(loaded->config, command.admin); !set) return Complain(set.error());
  const ConfigSource source{command.file, std::move(loaded->text), [command] {
                              auto again = Load(command.file);
                              // It was good before.
                              if (again) (void)SetAdmin(again->config, command.admin);
                              return again;
                            }};
  return RunWithLog(std::move(loaded->config), &source);
}

int Run(const RunDemo&) {
  if (FormatForStdout() == LogFormat::kText) {
    std::puts("Open http://localhost:8080/ in a browser. Ctrl-C ends it.");
  }
  auto loaded = config::LoadString(embedded::kDemoConfig, "config/demo.yaml");
  if (loaded) return RunWithLog(std::move(loaded->config));
  Print(loaded.error(), "");
  return kFailed;
}

int Run(const Check& command) {
  int exit_code = kOk;
  for (const auto& file : command.files) {
    const auto loaded = Load(file);
    if (!loaded) {
      Print(loaded.error(), "");
      exit_code = kFailed;
      continue;
    }
    Print(loaded->warnings, "warning: ");
    std::printf("%s: ok, %zu routes\n", file.c_str(), loaded->config.routes.size());
    const auto open = server::FindExposure(loaded->config).routes;
    if (!open.empty())
      std::printf("%s: without auth: %s\n", file.c_str(), server::ListOf(open).c_str());
  }
  return exit_code;
}

int Run(const Explain& command) {
  const auto loaded = Load(command.file);
  if (!loaded) {
    Print(loaded.error(), "");
    return kNoAnswer;
  }
  const auto explanation = ExplainRequest(loaded->config, command);
  if (!explanation) {
    Complain(explanation.error());
    return kNoAnswer;
  }
  std::fputs(explanation->text.c_str(), stdout);
  return explanation->is_taken ? kOk : kFailed;
}

int Run(const HealthCheck& command) {
  const auto address = config::ParseListenAddress(command.admin);
  if (!address) return Complain("--admin: " + address.error());
  const auto answer =
      admin::Probe(*address, "/healthz", std::chrono::seconds(command.timeout_seconds));
  if (!answer) return Complain("not healthy: " + answer.error());
  std::puts("healthy");
  return kOk;
}

int Main(int argc, char** argv) {
  const auto parsed = ParseCommandLine(argc, argv);
  if (const int* exit_code = std::get_if<int>(&parsed)) return *exit_code;
  return std::visit([](const auto& command) { return Run(command); }, std::get<Command>(parsed));
}

}  // namespace
}  // namespace sluice::cli

int main(int argc, char** argv) {
  return sluice::cli::Main(argc, argv);
}
