#include "sluice/server/exposure.h"

#include <algorithm>
#include <string>

#include "sluice/base/ip.h"
#include "sluice/routing/listener_hosts.h"

namespace sluice::server {
namespace {

bool AsksForCertificates(const settings::Listener& listener) {
  return listener.tls && listener.tls->mode == settings::TlsMode::kRequired &&
         listener.tls->client_certificate == settings::ClientCertificate::kRequired;
}

bool IsLocal(const settings::Endpoint& address) {
  if (address.kind == settings::Endpoint::Kind::kUnix) return true;
  const auto ip = base::IpAddress::Parse(address.HostWithoutZone());
  return ip && ip->IsLoopback();
}

constexpr std::string_view kRebinding = "a web page can reach it by DNS rebinding";
constexpr std::string_view kFileAdvice = "set 'hosts', or 'host', 'origins' or 'auth' of the route";
constexpr std::string_view kCommandLineAdvice = "give --host or --origin";

/// Returns true if a listener does not require client certificates.
bool HasOpenListener(const settings::Config& config) {
  return !std::all_of(config.listeners.begin(), config.listeners.end(), AsksForCertificates);
}

/// Returns true for a route to a backend that requires no credentials.
bool IsOpen(const settings::Route& route) {
  return route.backend && route.options.auth.empty() && route.match.certificate.empty();
}

/// Returns true for a listener that accepts requests for any host name because no names are
/// configured. A `*` in `hosts` counts as configured.
bool AcceptsAnyHost(const settings::Config& config, size_t index) {
  const settings::Listener& listener = config.listeners[index];
  return listener.protocol == settings::ListenerProtocol::kWebSocket && !listener.hosts &&
         !config.hosts && !AsksForCertificates(listener) && !routing::HostNamesOf(config, index);
}

bool IsOfAnyHost(const settings::Config& config, const settings::Route& route) {
  if (!route.match.host.empty() || route.options.origins) return false;
  const auto& listeners = route.match.listeners;
  for (size_t i = 0; i < config.listeners.size(); ++i) {
    const bool accepts_from =
        listeners.empty() || std::find(listeners.begin(), listeners.end(), i) != listeners.end();
    if (accepts_from && AcceptsAnyHost(config, i)) return true;
  }
  return false;
}

}  // namespace

Exposure FindExposure(const settings::Config& config) {
  Exposure exposure;
  if (!HasOpenListener(config)) return exposure;
  for (const auto& route : config.routes) {
    if (!IsOpen(route)) continue;
    exposure.routes.emplace_back(route.name);
    if (IsOfAnyHost(config, route)) exposure.of_any_host.emplace_back(route.name);
  }
  const auto& listeners = config.listeners;
  exposure.to_other_machines =
      !exposure.routes.empty() && std::any_of(listeners.begin(), listeners.end(), [](auto& one) {
        return !AsksForCertificates(one) && !IsLocal(one.address);
      });
  return exposure;
}

std::optional<std::string> AnyHostWarning(const settings::Config& config,
                                          const settings::Route& route) {
  if (!HasOpenListener(config) || !IsOpen(route) || !IsOfAnyHost(config, route)) {
    return std::nullopt;
  }
  return "route '" + route.name + "' is open to any host name: " + std::string(kRebinding) + "; " +
         std::string(kFileAdvice);
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

void LogExposure(const settings::Config& config, ConfigForm form, base::Log& log) {
  const Exposure exposure = FindExposure(config);
  if (exposure.routes.empty()) return;
  log.Write(
      exposure.to_other_machines ? base::LogLevel::kWarn : base::LogLevel::kInfo,
      "open_without_auth",
      {{"routes", ListOf(exposure.routes)}, {"to_other_machines", exposure.to_other_machines}});
  if (exposure.of_any_host.empty()) return;
  const auto advice = form == ConfigForm::kFile ? kFileAdvice : kCommandLineAdvice;
  log.Write(base::LogLevel::kWarn, "open_to_any_host",
            {{"routes", ListOf(exposure.of_any_host)},
             {"detail", "each is open to any host name: " + std::string(kRebinding) + "; " +
                            std::string(advice)}});
}

}  // namespace sluice::server
