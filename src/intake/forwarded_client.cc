#include "sluice/intake/forwarded_client.h"

#include <utility>
#include <vector>

namespace sluice::intake {

bool IsTrustedProxy(const settings::Config& config, const std::optional<base::IpAddress>& peer) {
  return config.trusted_proxies && config.trusted_proxies->from.Contain(peer);
}

base::Result<ForwardedClient, http::Refusal> ReadForwarded(const settings::TrustedProxies& proxies,
                                                           const http::RequestHead& head) {
  const bool is_standard = proxies.header == settings::ForwardedHeader::kForwarded;
  std::vector<http::ForwardedNode> nodes;
  if (is_standard) {
    auto parsed = http::ParseForwarded(head.Joined("Forwarded"));
    if (!parsed) {
      return base::Unexpected(
          http::Refusal{base::Cause::kBadRequest, "Forwarded breaks its grammar"});
    }
    nodes = *std::move(parsed);
  } else {
    nodes = http::ParseXForwardedFor(head.Joined("X-Forwarded-For"));
  }
  ForwardedClient client;
  client.node = http::ClientAmong(
      nodes, [&proxies](const base::IpAddress& ip) { return proxies.from.Contain(ip); });
  client.uses_tls = is_standard ? client.node && client.node->is_https
                                : http::IsForwardedHttps(head.Joined("X-Forwarded-Proto"));
  return client;
}

}  // namespace sluice::intake
