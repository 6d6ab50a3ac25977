// How sessions are distributed over the servers of a backend, how requests wait for a place, and
// when a server that does not answer is not used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sluice/base/clock.h"

namespace sluice::settings {

/// How the server of the next session is chosen. Each mode considers weights.
struct Balance {
  enum class Mode : uint8_t {
    kRoundRobin,
    kLeastSessions,  ///< the one with the fewest sessions for its weight
    kRandomTwo,      ///< the one with fewer sessions of two random servers
    kHash,           ///< always the same for a `key`, as long as it is up and has a place
  };
  enum class Key : uint8_t {
    kClient,   ///< the client's address; of IPv6, its /64
    kCapture,  ///< of the route's host or path
    kHeader,
    kClaim,  ///< of the client's token
    kQuery,
  };
  Mode mode = Mode::kRoundRobin;
  Key key = Key::kClient;
  std::string name = {};  ///< of the capture, header, claim or parameter

  bool operator==(const Balance&) const = default;
};

/// Requests that wait until one of the servers has a place again.
struct BackendQueue {
  size_t size = 0;                ///< zero: no request waits
  base::Duration timeout{5'000};  ///< of each request

  bool operator==(const BackendQueue&) const = default;
};

/// When a server that does not answer is not dialled for a while (ejected).
struct Ejection {
  uint32_t after = 3;               ///< failed dials in a row; zero: never
  base::Duration first{10'000};     ///< the first time; doubled each time in a row
  base::Duration at_most{300'000};  ///< the longest time

  bool operator==(const Ejection&) const = default;
};

}  // namespace sluice::settings
