// The command line: what is asked for, as a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/overrides.h"

namespace sluice::cli {

/// `sluice 8080 localhost:5900`
struct RunQuick {
  std::string listen;
  std::string server;
  std::vector<std::string> origins;
  std::vector<std::string> hosts;
  Overrides overrides;
};

/// `sluice --config FILE`
struct RunFile {
  std::string file;
  Overrides overrides;
};

/// `sluice demo`
struct RunDemo {
  uint16_t port = 8080;
  Overrides overrides;
};

/// `sluice check FILE...`
struct Check {
  enum class Format : uint8_t { kText, kJson };
  std::vector<std::string> files;  ///< `-` is the standard input
  bool is_strict = false;          ///< a warning fails, too
  Format format = Format::kText;
};

/// `sluice explain FILE URL`
struct Explain {
  std::string file;
  std::string url;
  std::string method;
  std::vector<std::string> headers;  ///< `Name: value`
  std::string from;                  ///< an IP address or `unix`
  std::optional<std::string> listener;
  std::optional<std::string> sni;
  std::vector<std::string> subprotocols;
  std::vector<std::string> claims;  ///< `name=value`
  std::vector<std::string> certificates;
};

/// `sluice healthcheck`
struct HealthCheck {
  std::optional<Override> admin;    ///< unset: the address in `file`
  std::optional<std::string> file;  ///< unset: the default address
  unsigned timeout_seconds = 3;
};

using Command = std::variant<RunQuick, RunFile, RunDemo, Check, Explain, HealthCheck>;

/// Returns the command that `argv` asks for; or the exit code when there is nothing left to do:
/// help or the version was printed (0), or an error of usage was (2).
std::variant<Command, int> ParseCommandLine(int argc, char** argv);

}  // namespace sluice::cli
