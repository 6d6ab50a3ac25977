// Limits: of the whole gateway, of the sessions of a route, of one session.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace sluice::settings {

/// A token bucket: `burst` at once, then one in each `interval`.
struct Rate {
  std::chrono::microseconds interval{0};
  uint32_t burst = 100;
};

struct Limits {
  size_t request_line = 8 * 1024;  ///< bytes of the request target; over it: 414
  size_t header = 16 * 1024;       ///< bytes of the whole request head; over it: 431
  size_t header_count = 100;       ///< header fields; over it: 431
  /// Bytes that all sessions may hold together for peers that are slow, or until a message is
  /// whole; over it no session begins. 0: no bound.
  size_t memory = 0;
  size_t sessions = 0;  ///< of all routes; over it: 503; zero: no limit
  /// Of each socket of a session, in each direction, as given to SO_RCVBUF and SO_SNDBUF; 0: the
  /// kernel tunes them.
  size_t socket_buffer = 0;
  std::optional<Rate> handshake_rate = std::nullopt;  ///< of an address; over it: 429
};

/// How many sessions a route may have; zero: no limit.
struct SessionLimits {
  size_t all = 0;         ///< over it: 503
  size_t per_client = 0;  ///< of one address; over it: 429
  size_t per_user = 0;    ///< of one authenticated user; over it: 429
};

/// Bytes a second that each session may relay; 0: no bound.
struct Bandwidth {
  size_t to_backend = 0;
  size_t to_client = 0;

  bool is_bounded() const { return to_backend != 0 || to_client != 0; }
};

}  // namespace sluice::settings
