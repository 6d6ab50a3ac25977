// The configuration as plain values: complete, with all defaults, and checked. A loaded Config
// never changes; threads share it as `std::shared_ptr<const Config>`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/settings/auth.h"
#include "sluice/settings/backend.h"
#include "sluice/settings/limits.h"
#include "sluice/settings/listener.h"
#include "sluice/settings/process.h"
#include "sluice/settings/route.h"
#include "sluice/settings/timeout.h"

namespace sluice::settings {

struct Config {
  std::optional<User> user;
  Reload reload = Reload::kSignal;
  Drain drain;
  LogOptions log;
  unsigned workers = 0;  ///< 0: one for each usable CPU
  std::vector<Listener> listeners;
  /// Names that requests may use, in lower case; `*.example.com`: any name below it; `*`: any name.
  /// Unset: any name, except for listeners on a loopback address (routing/listener_hosts.h).
  std::optional<std::vector<std::string>> hosts = std::nullopt;
  std::optional<Admin> admin;
  std::optional<TrustedProxies> trusted_proxies;
  Limits limits;
  Timeout handshake_timeout{10'000};  ///< from the accept until the head is complete
  /// From the signal until the last session is aborted. `docker stop` kills after 10 s; the rest of
  /// this time is for the end of the process.
  Timeout drain_timeout{8'000};
  Dns dns;
  AuthFailures auth_failures;
  std::vector<Backend> backends;
  std::vector<Route> routes;  ///< in the order of the file; the first match is used
};

}  // namespace sluice::settings
