// Chooses among the offers of a WebSocket handshake (RFC 6455 section 4.2.2): subprotocol,
// compression, half-close. Pure.
#pragma once

#include "sluice/http/request.h"
#include "sluice/intake/responder.h"
#include "sluice/settings/route.h"
#include "sluice/websocket/zlib_pool.h"

namespace sluice::intake {

/// `head` has passed CheckUpgradeRequest. `pool` and `route` outlive the codec.
Agreement AnswerHandshake(websocket::ZlibPool& pool, const http::RequestHead& head,
                          const settings::Route& route);

}  // namespace sluice::intake
