#include "sluice/intake/client.h"

#include <string>
#include <string_view>
#include <utility>

#include "sluice/net/stream.h"

namespace sluice::intake {

routing::RequestFacts FactsOf(const Client& client, const http::RequestHead* head,
                              const net::Stream& stream) {
  routing::RequestFacts facts =
      head == nullptr ? routing::RequestFacts() : routing::RequestFacts(*head);
  facts.client = client.address.ip();
  facts.listener = client.listener;
  if (stream.tls() == nullptr) return facts;
  facts.sni = routing::NormalizeHost(stream.DescribeTls().server_name);
  if (auto certificate = CertificateOf(stream)) facts.certificate = std::move(certificate->names);
  return facts;
}

std::optional<auth::ClientCertificate> CertificateOf(const net::Stream& stream) {
  const net::TlsState* const tls = stream.tls();
  if (tls == nullptr || !tls->peer_certificate) return std::nullopt;
  const auto& peer = *tls->peer_certificate;
  auth::ClientCertificate certificate;
  const auto add = [&certificate](std::string_view type, const std::string& name) {
    certificate.names.push_back(std::string(type) + name);
  };
  for (const auto& name : peer.dns_names) add("dns:", name);
  for (const auto& email : peer.emails) add("email:", email);
  for (const auto& uri : peer.uris) add("uri:", uri);
  if (!peer.has_alternative_names && !peer.common_name.empty()) add("cn:", peer.common_name);
  return certificate;
}

std::optional<std::string> ClaimOf(const auth::Identity* identity, std::string_view name) {
  if (identity == nullptr) return std::nullopt;
  const auto found = identity->claims.find(std::string(name));
  return found == identity->claims.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace sluice::intake
