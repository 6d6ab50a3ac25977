// What is known of the client of a connection.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/auth/identity.h"
#include "sluice/base/session_id.h"
#include "sluice/http/request.h"
#include "sluice/net/address.h"
#include "sluice/net/stream.h"
#include "sluice/proxy/header.h"
#include "sluice/routing/request_facts.h"

namespace sluice::intake {

/// A plain value. A trusted load balancer or proxy may correct it.
struct Client {
  base::SessionId connection;  ///< the connection's name in the log
  net::Address address;
  /// Where the client connected to, according to a load balancer.
  std::optional<proxy::Party> destination = std::nullopt;
  size_t listener = 0;    ///< index into Config::listeners
  bool uses_tls = false;  ///< as its connection or a trusted proxy shows
};

/// The facts that routes are chosen by. `head`, null for plain TCP, outlives them.
routing::RequestFacts FactsOf(const Client& client, const http::RequestHead* head,
                              const net::Stream& stream);

/// The certificate of the client of a TLS stream; unset without one.
std::optional<auth::ClientCertificate> CertificateOf(const net::Stream& stream);

/// The claim of that name of the client's token; unset without one. `identity` may be null.
std::optional<std::string> ClaimOf(const auth::Identity* identity, std::string_view name);

}  // namespace sluice::intake
