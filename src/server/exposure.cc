#include "sluice/server/exposure.h"

#include <algorithm>
#include <string>

#include "sluice/base/ip.h"
#include "sluice/routing/listener_hosts.h"

namespace sluice::server {
namespace {

bool AsksForCertificates(const config::Listener& listener) {
  return listener.tls && listener.tls->mode == config::TlsMode::kRequired &&
         listener.tls->client_certificate == config::ClientCertificate::kRequired;
}

bool IsLocal(const config::Endpoint& address) {
  if (address.kind == config::Endpoint::Kind::kUnix) return true;
  const auto ip = base::IpAddress::Parse(address.host);
  return ip && ip->IsLoopback();
}

/// Returns true for a listener that accepts requests for any name because the file does not say
/// which. A `*` in `hosts` is an answer.
bool AcceptsAnyHost(const config::Config& config, size_t index) {
  const config::Listener& listener = config.listeners[index];
  return listener.protocol == config::ListenerProtocol::kWebSocket && !listener.hosts &&
         !config.hosts && !AsksForCertificates(listener) && !routing::HostNamesOf(config, index);
}

bool IsOfAnyHost(const config::Config& config, const config::Route& route) {
  if (!route.match.host.empty() || route.options.origins) return false;
  const auto& listeners = route.match.listeners;
  for (size_t i = 0; i < config.listeners.size(); ++i) {
    const bool takes_from =
        listeners.empty() || std::find(listeners.begin(), listeners.end(), i) != listeners.end();
    if (takes_from && AcceptsAnyHost(config, i)) return true;
  }
  return false;
}

}  // namespace

Exposure FindExposure(const config::Config& config) {
  Exposure exposure;
  bool is_open = false;
  for (const auto& listener : config.listeners) {
    if (AsksForCertificates(listener)) continue;
    is_open = true;
    if (!IsLocal(listener.address)) exposure.to_other_machines = true;
  }
  if (!is_open) return exposure;
  for (const auto& route : config.routes) {
    const bool asks = !route.options.auth.empty() || !route.match.certificate.empty();
    if (!route.backend || asks) continue;
    exposure.routes.emplace_back(route.name);
    if (IsOfAnyHost(config, route)) exposure.of_any_host.emplace_back(route.name);
  }
  if (exposure.routes.empty()) exposure.to_other_machines = false;
  return exposure;
}

std::string ListOf(const std::vector<std::string_view>& routes) {
  constexpr size_t kMost = 20;
  std::string list;
  for (size_t i = 0; i < std::min(routes.size(), kMost); ++i) {
    list.append(i == 0 ? "" : ", ").append(routes[i]);
  }
  if (routes.size() > kMost) {
    list.append(" and ").append(std::to_string(routes.size() - kMost)).append(" more");
  }
  return list;
}

void TellExposure(const config::Config& config, base::Log& log) {
  const Exposure exposure = FindExposure(config);
  if (exposure.routes.empty()) return;
  log.Write(
      exposure.to_other_machines ? base::LogLevel::kWarn : base::LogLevel::kInfo,
      "open_without_auth",
      {{"routes", ListOf(exposure.routes)}, {"to_other_machines", exposure.to_other_machines}});
  if (exposure.of_any_host.empty()) return;
  log.Write(base::LogLevel::kWarn, "open_to_any_host",
            {{"routes", ListOf(exposure.of_any_host)}, {"detail", kAnyHostAdvice}});
}

}  // namespace sluice::server
