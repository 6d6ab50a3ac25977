// Half-close, an extension of ours (RFC 6455 section 9), so that two sluices back to back carry the
// end of one direction of a TCP connection, which a WebSocket cannot express:
//
//   Sec-WebSocket-Extensions: x-sluice-half-close      in the request and, if agreed, in the answer
//
// It has no parameters. With it, a control frame with opcode 0xB and no payload is the end of its
// sender's direction: no data frame may follow it, and none may be unfinished. Control frames still
// go both ways. When both directions have ended, either peer starts the closing handshake, which is
// as ever. A peer that does not know the extension ignores the offer, and nothing changes.
//
// It is an extension and not a header of another name because a proxy that parses frames answers
// for the extensions itself (section 9.1) and so cannot pass on what it does not understand.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "sluice/websocket/extensions.h"

namespace sluice::websocket {

inline constexpr std::string_view kHalfClose = "x-sluice-half-close";

/// Returns true if `extensions`, of a request or an answer, has it.
inline bool HasHalfClose(std::span<const Extension> extensions) {
  return std::any_of(extensions.begin(), extensions.end(), [](const Extension& extension) {
    return extension.name == kHalfClose && extension.parameters.empty();
  });
}

}  // namespace sluice::websocket
