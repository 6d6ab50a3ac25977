// Waits in the queue of a backend for a place at a server, on the loop of the request.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>

#include "sluice/net/event_loop.h"
#include "sluice/routing/pools.h"

namespace sluice::backend {

/// Belongs to the loop's thread. Destroying it leaves the queue.
class PlaceWait {
 public:
  /// Joins the queue. Returns null if there is no queue, or if it is full. `on_place` is called
  /// from the loop when Acquire returns a place; it may destroy this object.
  static std::unique_ptr<PlaceWait> Start(net::EventLoop& loop, const routing::Pools& pools,
                                          size_t backend, const routing::Criteria& criteria,
                                          std::function<void()> on_place);

  /// Returns the place that was assigned; unset if there is none yet.
  std::optional<routing::ServerSlot> Acquire() { return waiter_->Acquire(net::EventLoop::Now()); }
  /// Returns the place that was assigned, or a place at an ejected server that may be tried again.
  std::optional<routing::ServerSlot> Retry() { return waiter_->Retry(net::EventLoop::Now()); }
  /// Leaves the queue and counts a wait that took too long.
  void GiveUp() { waiter_->GiveUp(); }

 private:
  PlaceWait() = default;

  // Shared, because a posted function may run after this object is destroyed.
  std::shared_ptr<std::function<void()>> on_place_;
  std::unique_ptr<routing::PlaceWaiter> waiter_;
};

}  // namespace sluice::backend
