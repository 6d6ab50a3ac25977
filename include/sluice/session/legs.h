// The two legs of a session.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "sluice/base/clock.h"
#include "sluice/leg/leg.h"

namespace sluice::session {

/// A leg is null once it is closed; that of the backend also if no server was found.
struct Legs {
  std::unique_ptr<leg::Leg> client;
  std::unique_ptr<leg::Leg> backend;

  void SetHandler(net::StreamHandler& handler) const;
  bool BackendTakesPayload() const { return backend && backend->takes_payload(); }
  bool ClientTakesPayload() const { return client && client->takes_payload(); }

  /// Bytes of payload that the peers have not taken yet. Two system calls.
  size_t Untaken() const;
  /// Bytes that the peers' kernels have acknowledged. Goes up if there is progress, and down only
  /// if a leg is closed. Two system calls.
  uint64_t Taken() const;

  /// When a leg is to be checked next (leg::Leg::NextCheck).
  base::TimePoint NextCheck() const;
  /// When a closing leg no longer waits for its peer.
  base::TimePoint gives_up_at() const;
};

}  // namespace sluice::session
