// The client's side of the opening handshake (RFC 6455 section 4.1): the key of our request, and
// whether the answer to it opens the WebSocket. Pure: the HTTP around the fields is not its
// business, and the randomness is handed in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice::websocket {

/// The value of Sec-WebSocket-Key for 16 random bytes.
std::string KeyOf(const std::array<uint8_t, 16>& random);

/// What the answer has of the fields that the handshake looks at; one that came more than once is
/// joined by ", ".
struct UpgradeAnswer {
  int status = 0;
  std::string_view upgrade;
  std::string_view connection;
  std::string_view accept;
  std::string_view protocol;
  std::string_view extensions;
  std::string_view location = {};  ///< where a redirect, which is not followed, points to
};

/// What was agreed with the server.
struct UpgradeAgreement {
  bool has_half_close = false;  ///< the extension of half_close.h
};

/// Checks that `answer` opens the WebSocket that was asked for with `key`, `subprotocol` (empty:
/// none was offered) and the extension of half_close.h. The error says in words why it does not.
base::Result<UpgradeAgreement, std::string> CheckAnswer(const UpgradeAnswer& answer,
                                                        std::string_view key,
                                                        std::string_view subprotocol);

}  // namespace sluice::websocket
