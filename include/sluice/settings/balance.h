// How sessions are spread over the servers of a backend, and what becomes of those that have no
// place yet or whose server does not answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sluice/base/clock.h"

namespace sluice::settings {

/// Which server gets the next session. Weights count in every mode.
struct Balance {
  enum class Mode : uint8_t {
    kRoundRobin,
    kLeastSessions,  ///< the one that has the fewest for its weight
    kRandomTwo,      ///< of two that are drawn, the one that has fewer
    kHash,           ///< always the same for the same `key`, as long as it is up and has a place
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
  size_t size = 0;                ///< zero: nobody waits
  base::Duration timeout{5'000};  ///< of each

  bool operator==(const BackendQueue&) const = default;
};

/// When a server that does not answer is left alone.
struct Ejection {
  uint32_t after = 3;               ///< dials that fail in a row; zero: never
  base::Duration first{10'000};     ///< for how long; twice as long each time in a row
  base::Duration at_most{300'000};  ///< but no longer than this

  bool operator==(const Ejection&) const = default;
};

}  // namespace sluice::settings
