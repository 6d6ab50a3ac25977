// Refusals that more than one file of intake uses.
#pragma once

#include <optional>

#include "sluice/base/clock.h"
#include "sluice/http/request.h"
#include "sluice/intake/client.h"
#include "sluice/intake/context.h"
#include "sluice/intake/generation.h"

namespace sluice::intake {

/// Returns the header field Retry-After: the time after which a client may try again.
http::Header RetryAfter(base::Duration wait);

/// Counts a connection or request of the client for limits.handshake_rate. Returns a refusal if the
/// client exceeds that limit.
std::optional<http::Refusal> CountForRate(Context& context, const Generation& generation,
                                          const Client& client);

/// Returns the refusal of a client that speaks plain text on a listener that requires TLS.
http::Refusal PlainTextOnTls();

}  // namespace sluice::intake
