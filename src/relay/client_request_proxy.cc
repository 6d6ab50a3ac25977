// Who the client of a request is, where others stand between it and sluice: load balancers, which
// say so by a PROXY header before everything else, and HTTP proxies, which say so in the head. Only
// those that the configuration names are believed.
#include <array>
#include <string>
#include <utility>

#include "sluice/auth/credentials.h"
#include "sluice/proxy/header_writer.h"
#include "sluice/relay/client_request.h"
#include "sluice/relay/forwarded_client.h"

namespace sluice::relay {

using HeaderStatus = proxy::HeaderParser::Status;
using metrics::ProxyHeader;

void ClientRequest::StartProxyHeader() {
  state_ = State::kReadingProxy;
  const config::ProxyProtocol& protocol = *listener().proxy_protocol;
  if (protocol.is_required && !protocol.from.Contain(address_.ip())) {
    EndProxyHeader(ProxyHeader::kUntrusted);
    RefuseUnheard({base::Cause::kBadRequest, "only the load balancer may connect here"});
    return;
  }
  proxy_ = std::make_unique<proxy::HeaderParser>();
  if (client_->readable()) ReadProxyHeader();
}

void ClientRequest::ReadProxyHeader() {
  const auto buffer = context_.scratch.first(kReadSize);
  while (state_ == State::kReadingProxy && client_->readable()) {
    const net::IoResult got = client_->Read(buffer);
    if (got.status == net::IoResult::Status::kWouldBlock) return;
    if (got.status != net::IoResult::Status::kOk) {
      Finish();
      return;
    }
    TakeProxyHeader(buffer.first(got.bytes));
  }
}

void ClientRequest::TakeProxyHeader(base::Bytes bytes) {
  const config::ProxyProtocol& protocol = *listener().proxy_protocol;
  const auto used = proxy_->Feed(bytes);
  if (!used) {
    EndProxyHeader(ProxyHeader::kMalformed);
    RefuseUnheard(
        {base::Cause::kBadRequest, "the PROXY header is not valid: " + std::string(used.error())},
        bytes);
    return;
  }
  if (proxy_->status() == HeaderStatus::kIncomplete) return;
  if (proxy_->status() == HeaderStatus::kNone) {
    EndProxyHeader(ProxyHeader::kNone);
    if (protocol.is_required) {
      const base::Bytes held = proxy_->held();
      std::vector<uint8_t> received(held.begin(), held.end());
      received.insert(received.end(), bytes.begin() + static_cast<ptrdiff_t>(*used), bytes.end());
      RefuseUnheard({base::Cause::kBadRequest, "the connection does not begin with a PROXY header"},
                    received);
      return;
    }
  } else if (!protocol.from.Contain(address_.ip())) {
    EndProxyHeader(ProxyHeader::kUntrusted);
    RefuseUnheard({base::Cause::kBadRequest, "you may not send a PROXY header here"}, bytes);
    return;
  } else if (const auto& endpoints = proxy_->endpoints()) {
    EndProxyHeader(ProxyHeader::kTaken);
    address_ = net::Address::From(endpoints->source.ip, endpoints->source.port);
    destination_ = endpoints->destination;
  } else {
    EndProxyHeader(ProxyHeader::kLocal);
  }
  const base::Bytes held = proxy_->held();
  std::vector<uint8_t> rest(held.begin(), held.end());
  rest.insert(rest.end(), bytes.begin() + static_cast<ptrdiff_t>(*used), bytes.end());
  proxy_.reset();
  if (!MaySpeakForOthers() && IsTooFast()) return;
  StartTls(rest);
}

void ClientRequest::EndProxyHeader(ProxyHeader result) {
  listener_metrics().proxy_headers[static_cast<size_t>(result)].Add();
}

/// Refuses a connection before its request is read. `received` is what has come: it shows whether
/// the request may be HEAD. A client that is to speak TLS and has not begun cannot be answered.
void ClientRequest::RefuseUnheard(const http::Refusal& refusal, base::Bytes received) {
  (void)parser_.Feed(received);
  if (tls_) {
    CountRefusal(refusal);
    Finish();
  } else {
    Refuse(refusal);
  }
}

std::optional<http::Refusal> ClientRequest::TakeForwarded() {
  const auto& proxies = generation_->config.trusted_proxies;
  const net::TlsState* const tls = client_->tls();
  uses_tls_ = tls != nullptr && tls->handshake == net::TlsState::Handshake::kDone;
  if (!proxies || !proxies->from.Contain(address_.ip())) return std::nullopt;
  const auto client = ReadForwarded(*proxies, parser_.head());
  if (!client) return client.error();
  // The proxy's own TLS to sluice says nothing of the page.
  uses_tls_ = client->uses_tls;
  if (client->node) address_ = net::Address::From(*client->node->ip, client->node->port);
  return std::nullopt;
}

/// What the backend is to know of the client before anything else; nothing for most.
std::vector<uint8_t> ClientRequest::ProxyPreamble() {
  const config::SendProxy version = backend().proxy_protocol;
  if (version == config::SendProxy::kOff) return {};
  std::optional<proxy::Endpoints> endpoints;
  if (const auto ip = address_.ip()) {
    endpoints = {{*ip, address_.port()}, DestinationFor(*ip)};
  }
  if (version == config::SendProxy::kV1) return proxy::WriteV1(endpoints);
  const net::TlsDetails tls = client_->DescribeTls();
  proxy::Details details;
  details.alpn = tls.protocol;
  // Where the host is a token, it is nobody's business behind us.
  if (!auth::TakesTokenFrom(route(), config::TokenSource::Kind::kHost)) {
    details.authority =
        tls.server_name.empty() ? routing::NormalizeHost(parser_.head().host) : tls.server_name;
  }
  details.unique_id = id_.ToString();
  if (!tls.version.empty()) {
    const auto& certificate = client_->tls()->peer_certificate;
    details.tls = {tls.version, tls.cipher, certificate != nullptr,
                   certificate ? certificate->common_name : ""};
  }
  return proxy::WriteV2(endpoints, details);
}

/// Where the client, whose address is `source`, has connected to: as the PROXY header has it, else
/// our own end. If neither is known, no address of the same kind.
proxy::Party ClientRequest::DestinationFor(const base::IpAddress& source) const {
  if (destination_) return *destination_;
  const net::Address own = client_->LocalAddress();
  if (const auto ip = own.ip()) return {*ip, own.port()};
  return {source.is_v4() ? base::IpAddress::FromBytes(std::array<uint8_t, 4>()) : base::IpAddress(),
          0};
}

}  // namespace sluice::relay
