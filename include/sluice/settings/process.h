// What concerns the process as a whole.
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
  std::string group;  ///< empty: the user's own

  bool operator==(const User&) const = default;
};

/// When the configuration is reloaded.
enum class Reload : uint8_t {
  kSignal,  ///< when somebody asks for it: SIGHUP, or the admin listener
  kWatch,   ///< when the file has changed, too
};

/// How a drain goes, within Config::drain_timeout.
struct Drain {
  Timeout delay{0};   ///< from not being ready any more until no connection is accepted
  Timeout window{0};  ///< over which the sessions begin to close, in random order

  bool operator==(const Drain&) const = default;
};

/// Additional log lines.
struct LogOptions {
  bool session_opened = false;  ///< a line for each session when it begins

  bool operator==(const LogOptions&) const = default;
};

struct Admin {
  Endpoint address;
  std::string token_file = {};  ///< with the token that allows changes; empty: no change is allowed
  /// Names that requests may use besides IP addresses and localhost, as Config::hosts.
  std::vector<std::string> hosts = {};

  bool operator==(const Admin&) const = default;
};

/// How names of servers are resolved; empty: as /etc/resolv.conf says.
struct Dns {
  std::vector<Endpoint> servers;  ///< kTcp with literal IP addresses
  Timeout timeout{2'000};         ///< for one query to one server
  int attempts = 2;               ///< queries to each server before it is given up
  Timeout cache{300'000};         ///< for which an answer is good at most; zero: every dial asks
};

}  // namespace sluice::settings
