#include "cli/command_line.h"

#include <iostream>

#include <CLI/CLI.hpp>

namespace sluice::cli {
namespace {

constexpr int kUsageError = 2;

constexpr const char* kExamples = R"(
Examples:
  sluice 8080 localhost:5900          WebSocket on port 8080, a VNC server behind it
  sluice 8080 unix:/run/app.sock --origin https://app.example.com
  sluice --config sluice.yaml         many routes, limits, metrics
  sluice check sluice.yaml            is that file right?
  sluice explain sluice.yaml wss://lab.example.com/vnc
                                      which route takes that, and why not the others?
  sluice demo                         an echo service and a page to try it with

The configuration file is described in docs/configuration.md.)";

CLI::App* AddExplain(CLI::App& app, Explain& explain) {
  auto* command = app.add_subcommand(
      "explain", "Say which route a request takes: exit code 0 if there is one, 1 if none");
  const auto add = [command](const char* name, auto& value, const char* description) {
    return command->add_option(name, value, description)->allow_extra_args(false);
  };
  add("FILE", explain.file, "The configuration file")->required();
  add("URL", explain.url,
      "ws:// or wss:// for an upgrade, http:// or https:// for a page; 'tcp:' for a plain TCP "
      "connection")
      ->required();
  add("--header", explain.headers, "A header field, 'Name: value'; may be repeated");
  add("--from", explain.from, "The client's IP address, or 'unix'")->capture_default_str();
  add("--listener", explain.listener,
      "The name of the listener (default: the first that speaks what the URL asks for)");
  add("--sni", explain.sni, "The host asked for in the TLS handshake (default: that of the URL)");
  add("--subprotocol", explain.subprotocols, "A subprotocol that is offered; may be repeated");
  add("--claim", explain.claims, "A claim of a good token, name=value; may be repeated");
  add("--certificate", explain.certificates, "A name in the client's certificate; may be repeated");
  return command;
}

}  // namespace

std::variant<Command, int> ParseCommandLine(int argc, char** argv) {
  CLI::App app("A gateway that puts plain TCP services within reach of a browser.", "sluice");
  app.footer(kExamples);
  app.set_version_flag("--version", "sluice " SLUICE_VERSION);
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.require_subcommand(0, 1);

  RunQuick quick;
  RunFile file;
  std::string admin;
  auto* listen =
      app.add_option("LISTEN", quick.listen, "Where to accept WebSockets: a port, or ADDRESS:PORT");
  auto* server =
      app.add_option("SERVER", quick.server, "The TCP service behind: HOST:PORT, or unix:/path");
  auto* config = app.add_option("-c,--config", file.file, "Run by this configuration file");
  auto* admin_option =
      app.add_option("--admin", admin, "Serve /metrics, /healthz and /readyz on this ADDRESS:PORT")
          ->envname("SLUICE_ADMIN");
  auto* origin = app.add_option("--origin", quick.origins,
                                "Let pages of this origin connect, instead of only those "
                                "that come from the host they connect to; '*' for all; "
                                "may be repeated")
                     ->allow_extra_args(false);
  auto* workers = app.add_option("--workers", quick.workers,
                                 "Worker threads (default: as many as CPUs may be used)")
                      ->check(CLI::Range(1, 256));
  server->needs(listen);
  for (auto* option : {listen, server, origin, workers}) option->excludes(config);

  app.add_subcommand("demo", "Run an echo service and a page to try it with, on port 8080");
  Check check;
  auto* check_command = app.add_subcommand("check", "Check configuration files and exit");
  check_command->add_option("FILE", check.files, "The files to check")->required();
  Explain explain;
  explain.from = "127.0.0.1";
  auto* explain_command = AddExplain(app, explain);
  HealthCheck health{"127.0.0.1:9090", 3};
  auto* health_command = app.add_subcommand(
      "healthcheck", "Ask a running sluice whether it is healthy: exit code 0 if so");
  health_command->add_option("--admin", health.admin, "The address of its admin listener")
      ->envname("SLUICE_ADMIN")
      ->capture_default_str();
  health_command->add_option("--timeout", health.timeout_seconds, "Seconds to wait for the answer")
      ->check(CLI::Range(1, 60))
      ->capture_default_str();

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int code = app.exit(error);
    return code == 0 ? 0 : kUsageError;
  }

  if (admin_option->count() != 0) file.admin = quick.admin = admin;
  if (app.got_subcommand(check_command)) return check;
  if (app.got_subcommand(explain_command)) return explain;
  if (app.got_subcommand(health_command)) return health;
  if (app.got_subcommand("demo")) return RunDemo{};
  if (config->count() != 0) return file;
  if (server->count() != 0) return quick;
  std::cerr << (listen->count() != 0 ? "SERVER is missing: where is the service behind?\n"
                                     : "Nothing to do: give LISTEN and SERVER, or --config FILE, "
                                       "or try `sluice demo`.\n")
            << "Run with --help for more information.\n";
  return kUsageError;
}

}  // namespace sluice::cli
