// Refusals that more than one place of intake gives.
#pragma once

#include <optional>

#include "sluice/base/clock.h"
#include "sluice/http/request.h"
#include "sluice/intake/client.h"
#include "sluice/intake/context.h"
#include "sluice/intake/generation.h"

namespace sluice::intake {

/// The field that says when a client may try again.
http::Header RetryAfter(base::Duration wait);

/// Counts a connection or request of the client for limits.handshake_rate. Returns the refusal if
/// the client is over it.
std::optional<http::Refusal> CountForRate(Context& context, const Generation& generation,
                                          const Client& client);

/// The refusal of a client that speaks plain text on a listener that requires TLS.
http::Refusal PlainTextOnTls();

}  // namespace sluice::intake
