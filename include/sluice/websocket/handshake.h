// The server's side of the opening handshake (RFC 6455 section 4.2): checks a request, and computes
// the answer. Pure: the fields are text, and the caller handles HTTP.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/cause.h"
#include "sluice/base/result.h"

namespace sluice::websocket {

/// The header fields that the handshake checks; repeated fields are joined by ", ".
struct UpgradeFields {
  std::string_view upgrade;
  std::string_view connection;
  std::string_view version;
  std::string_view key;
  size_t key_count =
      0;  ///< the number of Sec-WebSocket-Key fields, because `key` is only the first
  std::string_view protocol;
  std::string_view extensions;
};

struct UpgradeError {
  base::Cause cause;   ///< kBadRequest or kUnsupportedVersion
  std::string detail;  ///< the fault and the expected value
};

/// Checks everything except the request line and Host, which HTTP itself requires.
base::Result<void, UpgradeError> CheckUpgrade(const UpgradeFields& fields);

/// Returns true if `key` is the base64 form of exactly 16 bytes (section 4.1).
bool IsValidKey(std::string_view key);

/// Returns the value of Sec-WebSocket-Accept for a valid key.
std::string AcceptFor(std::string_view key);

/// Chooses one of the client's offers (the value of Sec-WebSocket-Protocol); empty: none, and then
/// the answer has no such header. With `spoken`, the subprotocols of the route, their order
/// decides. Without, `binary` is chosen if it is offered, or else the first offer, because a
/// browser fails a connection if none of its offers is accepted. Never `base64`, because sluice
/// does not implement that encoding.
std::string ChooseSubprotocol(std::string_view offers, const std::vector<std::string>* spoken);

}  // namespace sluice::websocket
