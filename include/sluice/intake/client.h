// The client of a connection: its addresses, listener and TLS.
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

/// A plain value. A trusted load balancer or proxy may report other addresses.
struct Client {
  base::SessionId connection;  ///< the connection's identifier in the log
  net::Address address;
  /// The address that the client connected to, according to a load balancer.
  std::optional<proxy::Party> destination = std::nullopt;
  size_t listener = 0;    ///< index into Config::listeners
  bool uses_tls = false;  ///< according to its connection or a trusted proxy
};

/// Returns the facts that a route is chosen by. `head`, null for plain TCP, outlives them.
routing::RequestFacts FactsOf(const Client& client, const http::RequestHead* head,
                              const net::Stream& stream);

/// Returns the verified certificate of the client of a stream; unset if there is none.
std::optional<auth::ClientCertificate> CertificateOf(const net::Stream& stream);

/// Returns the claim with that name of the client's token; unset if there is none. `identity` may
/// be null.
std::optional<std::string> ClaimOf(const auth::Identity* identity, std::string_view name);

}  // namespace sluice::intake
