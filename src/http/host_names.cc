#include "sluice/http/host_names.h"

#include <algorithm>

#include "sluice/base/ip.h"
#include "sluice/base/text.h"

namespace sluice::http {
namespace {

bool CoversHost(std::string_view pattern, std::string_view host) {
  if (!pattern.starts_with("*.")) return pattern == host;
  const std::string_view suffix = pattern.substr(1);
  return host.size() > suffix.size() && host.ends_with(suffix);
}

}  // namespace

std::string NormalizeHost(std::string_view host) {
  // The colons of an IPv6 address are inside its brackets.
  const auto bracket = host.rfind(']');
  const auto colon = host.rfind(':');
  if (colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket)) {
    host = host.substr(0, colon);
  }
  if (host.ends_with('.')) host.remove_suffix(1);
  return base::ToLower(host);
}

bool HostNames::Contain(std::string_view host) const {
  if (host == "localhost" || host.ends_with(".localhost")) return true;
  if (base::IpAddress::Parse(host)) return true;
  return std::any_of(patterns_.begin(), patterns_.end(),
                     [host](const std::string& pattern) { return CoversHost(pattern, host); });
}

}  // namespace sluice::http
