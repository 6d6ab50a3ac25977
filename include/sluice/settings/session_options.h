// The settings of sessions, of one route or in `defaults`.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/settings/auth.h"
#include "sluice/settings/framing.h"
#include "sluice/settings/limits.h"
#include "sluice/settings/timeout.h"

namespace sluice::settings {

struct Keepalive {
  Timeout ping_interval{20'000};  ///< from one ping to the next, ±10 %; zero: no pings
  Timeout pong_timeout{10'000};   ///< from a ping until bytes must have been received
  Timeout backend_timeout{
      120'000};  ///< how long a backend's host may not acknowledge bytes or probes
};

enum class OnDialFailure : uint8_t {
  kClose,  ///< 101, then Close 1014 with the reason, which a browser's page can read
  kHttp,   ///< 502 or 504 instead of the 101
};

/// The codes of the Close frames, if sluice chooses them.
enum class CloseCodes : uint8_t {
  kStandard,    ///< those of the table of causes
  kWebsockify,  ///< 1011 in place of 1012 to 1014, which websockify does not know
};

/// What happens to the sessions of a route that a reload removes.
enum class OnRemoval : uint8_t {
  kKeep,   ///< they continue
  kClose,  ///< Close 1001
};

/// permessage-deflate.
struct Compression {
  bool enabled = false;
  size_t min_size = 1024;                ///< shorter messages to the client are not compressed
  bool server_context_takeover = false;  ///< messages to the client share a window
  bool client_context_takeover = false;  ///< messages from the client may share one
  int server_window_bits = 15;           ///< 9 to 15; of the window for messages to the client
  int client_window_bits = 15;           ///< of its messages, if the client accepts a bound
  int memory_level = 8;                  ///< 1 to 9: zlib's memory besides the window

  bool operator==(const Compression&) const = default;
};

/// The settings of sessions, of one route or in `defaults`.
struct SessionOptions {
  Keepalive keepalive;
  Timeout connect_timeout{5'000};  ///< for the complete dial, with the lookup of the name
  Timeout idle_timeout{0};         ///< without payload in both directions; pings do not count
  Timeout max_age{0};              ///< of a session, active or not
  Timeout close_timeout{5'000};    ///< how long a closing session may make no progress
  Timeout close_total{60'000};     ///< how long closing may take in all
  OnDialFailure on_dial_failure = OnDialFailure::kClose;
  CloseCodes close_codes = CloseCodes::kStandard;
  OnRemoval on_removal = OnRemoval::kKeep;
  /// The supported subprotocols, most preferred first; unset: the first offer is echoed.
  std::optional<std::vector<std::string>> subprotocols;
  /// Allowed values of Origin, lower case, `*` for any and `https://*.example.com` for all names
  /// below one; unset: same origin only.
  std::optional<std::vector<std::string>> origins;
  bool require_origin = false;  ///< a request without an Origin is refused
  SessionLimits session_limits;
  size_t message_limit =
      16 * 1024 * 1024;  ///< bytes of a message that is framed or compressed; more: 1009
  Bandwidth bandwidth;
  Framing framing;
  Compression compression;
  std::vector<AuthMethod> auth;  ///< one of them must accept; empty: no authentication
};

}  // namespace sluice::settings
