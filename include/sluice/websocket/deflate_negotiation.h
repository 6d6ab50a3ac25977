// The negotiation of permessage-deflate on the server's side (RFC 7692 section 7.1).
//
// Rules:
// * Offers are checked in the client's order, and the first possible one is accepted. An unknown or
//   repeated parameter, or an invalid value, declines only that offer (section 7). To decline all
//   offers is not an error: the session is then not compressed.
// * zlib has no raw deflate with a window of 256 bytes and would silently use 512. So an offer with
//   server_max_window_bits=8 is declined, because sluice could not keep it.
//   client_max_window_bits=8 is accepted. The Inflater's window is never below 512, for clients
//   with zlib's error.
// * client_no_context_takeover is echoed if it was offered. The hint is then agreed, and the
//   inflater's memory can be released between messages.
// * The answer contains client_max_window_bits only if the client has offered it (section 7.1.2.2).
//   Other clients get compression, too, with an inflater for the largest window. The other three
//   parameters may be in every answer.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sluice/websocket/extensions.h"

namespace sluice::websocket {

inline constexpr std::string_view kPermessageDeflate = "permessage-deflate";

/// Sizes of the LZ77 window, as powers of two.
inline constexpr int kMinWindowBits = 8;
inline constexpr int kMaxWindowBits = 15;
/// The smallest window with which zlib compresses.
inline constexpr int kMinDeflateWindowBits = 9;

/// The preferences of the server. Both window sizes are kMinDeflateWindowBits to kMaxWindowBits.
struct DeflatePreferences {
  bool server_context_takeover = false;  ///< allowed by the server; the client can forbid it, too
  bool client_context_takeover = false;  ///< allowed by the server; the client can forbid it, too
  int server_window_bits = kMaxWindowBits;
  int client_window_bits = kMaxWindowBits;  ///< requested if the client offers the parameter
};

/// The agreed parameters.
struct DeflateAgreement {
  bool server_context_takeover = true;
  bool client_context_takeover = true;
  int server_window_bits = kMaxWindowBits;
  int client_window_bits = kMaxWindowBits;

  bool operator==(const DeflateAgreement&) const = default;
};

struct DeflateAnswer {
  DeflateAgreement agreement;
  std::string header;  ///< the value of Sec-WebSocket-Extensions in the response
};

/// Accepts the first possible offer; unset if there is none.
std::optional<DeflateAnswer> NegotiateDeflate(std::span<const Extension> offers,
                                              const DeflatePreferences& preferences);

}  // namespace sluice::websocket
