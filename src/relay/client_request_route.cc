// Which route a request takes.
#include <utility>

#include "sluice/relay/client_request.h"

namespace sluice::relay {

/// Of the connection and its request, whose head is complete; of plain TCP there is none.
routing::RequestFacts ClientRequest::Facts() {
  routing::RequestFacts facts =
      is_raw() ? routing::RequestFacts() : routing::RequestFacts(parser_.head());
  facts.client = address_.ip();
  facts.listener = listener_;
  if (client_->tls() == nullptr) return facts;
  facts.sni = routing::NormalizeHost(client_->DescribeTls().server_name);
  if (auto certificate = ClientCertificate()) {
    facts.certificate = std::move(certificate->names);
    if (!certificate->common_name.empty()) {
      facts.certificate.push_back(std::move(certificate->common_name));
    }
  }
  return facts;
}

/// A connection of plain TCP whose TLS handshake, if there is one, is over.
void ClientRequest::TakeConnection() {
  if (IsTooFast()) return;
  route_ = generation_->router.Find(Facts());
  if (!route_ || route().is_console) {
    Refuse({base::Cause::kNoRoute, "no route takes connections of plain TCP from this listener"});
    return;
  }
  Authenticate();
}

}  // namespace sluice::relay
