// Settings of the process.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sluice/settings/endpoint.h"
#include "sluice/settings/timeout.h"

namespace sluice::settings {

/// The user and group that sluice switches to after it has bound its listeners and read its files.
struct User {
  std::string name;
  std::string group;  ///< empty: the user's primary group

  bool operator==(const User&) const = default;
};

/// When the configuration is reloaded.
enum class Reload : uint8_t {
  kSignal,  ///< on request: SIGHUP, or the admin listener
  kWatch,   ///< also when the file has changed
};

/// The steps of a drain, within Config::drain_timeout.
struct Drain {
  Timeout delay{0};   ///< from /readyz failing until no connection is accepted
  Timeout window{0};  ///< in which the sessions start to close, in random order

  bool operator==(const Drain&) const = default;
};

/// Additional log lines.
struct LogOptions {
  bool session_opened = false;  ///< a line for each session that starts

  bool operator==(const LogOptions&) const = default;
};

struct Admin {
  Endpoint address;
  std::string token_file = {};  ///< has the token for changes; empty: no change is allowed
  /// Names that requests may use besides IP addresses and localhost, in the form of Config::hosts.
  std::vector<std::string> hosts = {};

  bool operator==(const Admin&) const = default;
};

/// How the names of servers are resolved; empty: as in /etc/resolv.conf.
struct Dns {
  std::vector<Endpoint> servers;  ///< kTcp with literal IP addresses
  Timeout timeout{2'000};         ///< for one query to one server
  int attempts = 2;               ///< queries to each server before a lookup fails
  Timeout cache{300'000};         ///< the longest use of an answer; zero: each dial asks
};

}  // namespace sluice::settings
