// The client's side of the opening handshake (RFC 6455 section 4.1): creates the key of our
// request, and checks the answer. Pure: the caller handles HTTP and passes the random bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice::websocket {

/// Returns the value of Sec-WebSocket-Key for 16 random bytes.
std::string KeyOf(const std::array<uint8_t, 16>& random);

/// The fields of the answer that the handshake checks; repeated fields are joined by ", ".
struct UpgradeAnswer {
  int status = 0;
  std::string_view upgrade;
  std::string_view connection;
  std::string_view accept;
  std::string_view protocol;
  std::string_view extensions;
  std::string_view location = {};  ///< the target of a redirect, which is not followed
};

/// The result of the handshake with the server.
struct UpgradeAgreement {
  bool has_half_close = false;  ///< the extension of half_close.h
};

/// Checks that `answer` accepts our request, which had `key`, `subprotocol` (empty: none) and the
/// extension of half_close.h. The error describes what is wrong.
base::Result<UpgradeAgreement, std::string> CheckAnswer(const UpgradeAnswer& answer,
                                                        std::string_view key,
                                                        std::string_view subprotocol);

}  // namespace sluice::websocket
