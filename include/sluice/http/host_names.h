// The host names that requests to a listener may use. A page whose name an attacker re-points to
// this gateway (DNS rebinding) has a Host that is equal to its Origin, so that it passes for a page
// of the gateway's own; only its name shows what it is. Pure.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::http {

/// Returns `host` as names are compared: lower case, without the port, and without a trailing dot.
std::string NormalizeHost(std::string_view host);

/// A set of names, and every host that no DNS answer can re-point: IP addresses, `localhost` and
/// the names below it.
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
