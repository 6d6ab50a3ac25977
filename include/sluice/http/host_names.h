// The host names that requests to a listener may use. By DNS rebinding, an attacker points the name
// of a page to this gateway. The page's Host then equals its Origin, as for a page of the gateway
// itself; only the name reveals the attack. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http {

/// Returns `host` in the form in which names are compared: lower case, without the port and a
/// trailing dot.
std::string NormalizeHost(std::string_view host);

/// A set of names, and all hosts that DNS cannot point elsewhere: IP addresses, `localhost` and the
/// names below it.
class HostNames {
 public:
  HostNames() = default;
  /// `patterns` are names in lower case, or `*.` and a name for every name below it.
  explicit HostNames(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}

  /// `host` is normalized.
  bool Contain(std::string_view host) const;

 private:
  std::vector<std::string> patterns_;
};

}  // namespace sluice::http
