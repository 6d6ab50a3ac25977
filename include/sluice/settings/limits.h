// Limits of the gateway, of the sessions of a route, and of one session.
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
  size_t request_line = 8 * 1024;  ///< bytes of the request target; more: 414
  size_t header = 16 * 1024;       ///< bytes of the request head; more: 431
  size_t header_count = 100;       ///< header fields; more: 431
  /// Bytes that all sessions together may queue for slow peers or for incomplete messages. Above
  /// it, no session starts. 0: no limit.
  size_t memory = 0;
  size_t sessions = 0;  ///< of all routes; more: 503; zero: no limit
  /// SO_RCVBUF and SO_SNDBUF of each socket of a session; 0: the kernel tunes them.
  size_t socket_buffer = 0;
  std::optional<Rate> handshake_rate = std::nullopt;  ///< of an address; more: 429
};

/// How many sessions a route may have; zero: no limit.
struct SessionLimits {
  size_t all = 0;         ///< more: 503
  size_t per_client = 0;  ///< of one address; more: 429
  size_t per_user = 0;    ///< of one authenticated user; more: 429
};

/// Bytes a second that each session may relay; 0: no limit.
struct Bandwidth {
  size_t to_backend = 0;
  size_t to_client = 0;

  bool is_bounded() const { return to_backend != 0 || to_client != 0; }
};

}  // namespace sluice::settings
