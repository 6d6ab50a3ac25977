#include "intake/proxy_preamble.h"

#include <array>
#include <optional>

#include "sluice/auth/credentials.h"
#include "sluice/net/stream.h"
#include "sluice/proxy/header_writer.h"

namespace sluice::intake {
namespace {

/// Returns the address that a client with address `source` has connected to: the one that a load
/// balancer reports, or else our own. If neither is known, returns the unspecified address of the
/// same family.
proxy::Party DestinationOf(const Client& client, const base::IpAddress& source,
                           const net::Stream& stream) {
  if (client.destination) return *client.destination;
  const net::Address own = stream.LocalAddress();
  if (const auto ip = own.ip()) return {*ip, own.port()};
  return {source.is_v4() ? base::IpAddress::FromBytes(std::array<uint8_t, 4>()) : base::IpAddress(),
          0};
}

}  // namespace

std::vector<uint8_t> ProxyPreamble(settings::SendProxy version, const settings::Route& route,
                                   const Client& client, const http::RequestHead& head,
                                   const net::Stream& stream) {
  if (version == settings::SendProxy::kOff) return {};
  std::optional<proxy::Endpoints> endpoints;
  if (const auto ip = client.address.ip()) {
    endpoints = {{*ip, client.address.port()}, DestinationOf(client, *ip, stream)};
  }
  if (version == settings::SendProxy::kV1) return proxy::WriteV1(endpoints);
  const net::TlsDetails tls = stream.DescribeTls();
  proxy::Details details;
  details.alpn = tls.protocol;
  // If the host is a token, the backend must not see it.
  if (!auth::ReadsTokenFrom(route, settings::TokenSource::Kind::kHost)) {
    details.authority =
        tls.server_name.empty() ? routing::NormalizeHost(head.host) : tls.server_name;
  }
  details.unique_id = client.connection.ToString();
  if (!tls.version.empty()) {
    const auto& certificate = stream.tls()->peer_certificate;
    details.tls = {tls.version, tls.cipher, certificate != nullptr,
                   certificate ? certificate->common_name : ""};
  }
  return proxy::WriteV2(endpoints, details);
}

}  // namespace sluice::intake
