// Which route a request takes.
#include <utility>

#include "sluice/relay/client_request.h"

namespace sluice::relay {

/// Of the connection and its request, whose head is complete.
routing::RequestFacts ClientRequest::Facts() {
  routing::RequestFacts facts(parser_.head());
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

}  // namespace sluice::relay
