// The backend that the gateway dials: it streams, swallows or echoes, as the work has it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_set>
#include <vector>

#include "load/loop.h"
#include "load/transport.h"
#include "load/work.h"

namespace sluice::bench {

/// All of it belongs to the thread of its loop, but for what says otherwise.
class Backend : public Handler {
 public:
  /// Listens on 127.0.0.1; port 0 lets the kernel choose.
  Backend(Loop& loop, uint16_t port);

  Loop& loop() { return loop_; }
  uint16_t port() const { return port_; }  // Any thread.

  /// New connections do the work from here on; they hold their fire until Go().
  void Begin(const Work& work, Reporter& reporter);
  void Go();

  /// Reports connections that ought to receive and do not.
  void CheckStalls();

  /// Resets all connections, and closes new ones at once.
  void End();

  uint64_t verified_bytes() const { return verified_bytes_.value(); }  // Any thread.
  uint64_t accepted() const { return accepted_.value(); }              // Any thread.

  void OnReady(uint32_t events) override;

 private:
  class Connection;

  Loop& loop_;
  int listener_;
  uint16_t port_;
  const Work* work_ = nullptr;  // Both are null between runs.
  Reporter* reporter_ = nullptr;
  bool going_ = false;
  std::unordered_set<Connection*> connections_;
  Counter verified_bytes_;
  Counter accepted_;
};

}  // namespace sluice::bench
