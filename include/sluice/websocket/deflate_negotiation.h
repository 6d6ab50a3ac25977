// The negotiation of permessage-deflate from the server's side (RFC 7692 section 7.1).
//
// Decided:
// * Offers are tried in the client's order, and the first that can be kept is accepted. An unknown
//   or repeated parameter, or one with a value that it may not have, declines that offer and no
//   other (section 7). To decline all of them is no error: the session is then not compressed.
// * zlib has no raw deflate with a window of 256 bytes and would use 512 without a word. An offer
//   with server_max_window_bits=8 is therefore declined, and nobody is promised what is not kept.
//   client_max_window_bits=8 is accepted: to inflate needs no more than that, and the Inflater's
//   window is never below 512, for clients that make zlib's mistake.
// * client_no_context_takeover is echoed where it was offered, so that what was a hint is agreed
//   and the inflater's memory can be let go between messages.
// * A client that does not offer client_max_window_bits must not be told it (section 7.1.2.2). It
//   gets compression all the same, and an inflater for the largest window. The other three
//   parameters may be told to every client.
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
/// The least with which zlib compresses.
inline constexpr int kMinDeflateWindowBits = 9;

/// What the server would like. Both window sizes are kMinDeflateWindowBits to kMaxWindowBits.
struct DeflatePreferences {
  bool server_context_takeover = false;  ///< whether it is allowed; the client can forbid it, too
  bool client_context_takeover = false;  ///< likewise
  int server_window_bits = kMaxWindowBits;
  int client_window_bits = kMaxWindowBits;  ///< asked for where the client lets itself be told
};

/// What both sides are bound to.
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

/// Accepts the first offer that can be kept; nothing if there is none.
std::optional<DeflateAnswer> NegotiateDeflate(std::span<const Extension> offers,
                                              const DeflatePreferences& preferences);

}  // namespace sluice::websocket
