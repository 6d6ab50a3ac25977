// Limits session tickets to the validity of the client's certificates.
//
// A resumed handshake verifies no certificate. So a ticket contains the time when the first
// certificate of the verified chain expires. An older ticket leads to a full handshake, which
// verifies the client again.
#pragma once

#include <cstdint>
#include <optional>

struct ssl_ctx_st;
struct ssl_st;

namespace sluice::tls {

/// Returns the time when the first certificate of the client's verified chain expires, in seconds
/// since 1970; also after a resumed handshake. Unset if the chain is unknown.
std::optional<int64_t> ChainExpiry(const ssl_st* connection);

/// Makes the tickets of `context` expire with the client's certificates and with the CRLs: after
/// `crl_expiry`, which outlives the context, no ticket of a client with a certificate is accepted.
/// A new CRL needs a new context, whose keys accept no older ticket.
void EndTicketsWithCertificates(ssl_ctx_st* context, const std::optional<int64_t>& crl_expiry);

}  // namespace sluice::tls
