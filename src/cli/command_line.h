// The command line as a value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "sluice/base/ip.h"

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
  bool is_strict = false;          ///< a warning is an error
  Format format = Format::kText;
};

/// The URL of a plain TCP connection, which has no request.
inline constexpr std::string_view kTcpUrl = "tcp:";

/// One value of a claim.
struct Claim {
  std::string name;
  std::string value;
};

/// `sluice explain FILE URL`
struct Explain {
  std::string file;
  std::string url;
  std::string method = "GET";
  std::vector<std::string> headers;  ///< `Name: value`
  /// The peer of the connection; nothing for a Unix socket.
  std::optional<base::IpAddress> from = base::IpAddress::Parse("127.0.0.1");
  std::optional<std::string> listener;
  std::optional<std::string> sni;
  std::vector<std::string> subprotocols;
  std::vector<Claim> claims;
  std::vector<std::string> certificates;  ///< `dns:a.example.com`
};

/// `sluice healthcheck`
struct HealthCheck {
  std::optional<Override> admin;    ///< unset: the address in `file`
  std::optional<std::string> file;  ///< unset: the default address
  unsigned timeout_seconds = 3;
};

using Command = std::variant<RunQuick, RunFile, RunDemo, Check, Explain, HealthCheck>;

/// Returns the command of `argv`. Returns an exit code if it has printed the help or the version
/// (0) or an error of usage (2).
std::variant<Command, int> ParseCommandLine(int argc, char** argv);

}  // namespace sluice::cli
