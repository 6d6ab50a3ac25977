// Half-close, sluice's own extension (RFC 6455 section 9). With it, two connected sluices forward
// the end of one direction of a TCP connection, which WebSocket itself cannot express:
//
//   Sec-WebSocket-Extensions: x-sluice-half-close      in the request and, if agreed, in the answer
//
// It has no parameters. With it, a control frame with opcode 0xB and no payload is the end of its
// sender's direction: no data frame may follow it, and no message may be incomplete. Control frames
// are still sent both ways. When both directions have ended, either peer starts the usual closing
// handshake. A peer that does not know the extension ignores the offer, and nothing changes.
//
// It is an extension, not another header, because a proxy that parses frames negotiates the
// extensions itself (section 9.1) and so does not forward one that it does not know.
#pragma once

#include <algorithm>
#include <span>
#include <string_view>

#include "sluice/websocket/extensions.h"

namespace sluice::websocket {

inline constexpr std::string_view kHalfClose = "x-sluice-half-close";

/// Returns true if `extensions`, of a request or an answer, contain it.
inline bool HasHalfClose(std::span<const Extension> extensions) {
  return std::any_of(extensions.begin(), extensions.end(), [](const Extension& extension) {
    return extension.name == kHalfClose && extension.parameters.empty();
  });
}

}  // namespace sluice::websocket
