// The server's side of the opening handshake (RFC 6455 section 4.2): is a request a valid upgrade,
// and what is the answer to it. Pure: the fields come in as text, the HTTP around them is not its
// business.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/cause.h"
#include "sluice/base/result.h"

namespace sluice::websocket {

/// The header fields that the handshake looks at; a field that came more than once is joined by ",
/// ".
struct UpgradeFields {
  std::string_view upgrade;
  std::string_view connection;
  std::string_view version;
  std::string_view key;
  size_t key_count = 0;  ///< how often Sec-WebSocket-Key came: joined keys could not be told apart
  std::string_view protocol;
  std::string_view extensions;
};

struct UpgradeError {
  base::Cause cause;   ///< kBadRequest or kUnsupportedVersion
  std::string detail;  ///< what was wrong and what was expected
};

/// Checks everything but the request line and Host, which HTTP itself demands.
base::Result<void, UpgradeError> CheckUpgrade(const UpgradeFields& fields);

/// Whether `key` is what section 4.1 asks for: the base64 form of exactly 16 bytes.
bool IsValidKey(std::string_view key);

/// The value of Sec-WebSocket-Accept for a valid key.
std::string AcceptFor(std::string_view key);

/// Which of the client's offers (the value of Sec-WebSocket-Protocol) to take; empty: none, and
/// then the answer has no such header. With `spoken`, what the route speaks, its order decides.
/// Without, an offer is echoed, since a browser fails a connection whose offers are all passed
/// over: `binary` if it is there, else the first, but never `base64`, whose encoding sluice does
/// not do.
std::string ChooseSubprotocol(std::string_view offers, const std::vector<std::string>* spoken);

}  // namespace sluice::websocket
