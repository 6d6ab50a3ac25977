#include "sluice/routing/listener_hosts.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/ip.h"

namespace sluice::routing {
namespace {

bool IsOnLoopback(const settings::Endpoint& address) {
  if (address.kind != settings::Endpoint::Kind::kTcp) return false;
  const auto ip = base::IpAddress::Parse(address.HostWithoutZone());
  return ip && ip->IsLoopback();
}

bool AcceptsFrom(const settings::Route& route, size_t listener) {
  const auto& listeners = route.match.listeners;
  return listeners.empty() ||
         std::find(listeners.begin(), listeners.end(), listener) != listeners.end();
}

}  // namespace

std::optional<http::HostNames> HostNamesOf(const settings::Config& config, size_t listener) {
  const settings::Listener& one = config.listeners[listener];
  const auto& hosts = one.hosts ? one.hosts : config.hosts;
  if (!hosts && !IsOnLoopback(one.address)) return std::nullopt;
  auto patterns = hosts.value_or(std::vector<std::string>());
  if (std::find(patterns.begin(), patterns.end(), "*") != patterns.end()) return std::nullopt;
  for (const auto& route : config.routes) {
    const std::string& host = route.match.host;
    if (host.empty() || !AcceptsFrom(route, listener)) continue;
    patterns.push_back(host.front() == '{' ? '*' + host.substr(host.find('.')) : host);
  }
  return http::HostNames(std::move(patterns));
}

}  // namespace sluice::routing
