// What sluice answers to the offers of a WebSocket handshake (RFC 6455 section 4.2.2): the
// subprotocol, compression, half-close. Pure.
#pragma once

#include <memory>

#include "sluice/http/request.h"
#include "sluice/intake/responder.h"
#include "sluice/leg/message_codec.h"
#include "sluice/settings/route.h"
#include "sluice/websocket/zlib_pool.h"

namespace sluice::intake {

struct HandshakeAnswer {
  Agreement agreement;
  std::unique_ptr<leg::MessageCodec> codec;  ///< of the client's leg; null: bytes pass as they are
};

/// `head` has passed CheckUpgradeRequest. `pool` and `route` outlive the codec.
HandshakeAnswer AnswerHandshake(websocket::ZlibPool& pool, const http::RequestHead& head,
                                const settings::Route& route);

}  // namespace sluice::intake
