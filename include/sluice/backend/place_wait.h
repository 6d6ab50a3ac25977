// A request's wait in the queue of a backend, on the request's own loop.
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
  /// Null if there is no queue, or if it is full. `on_place` is called from the loop, when Take has
  /// something, and may destroy this.
  static std::unique_ptr<PlaceWait> Start(net::EventLoop& loop, const routing::Pools& pools,
                                          size_t backend, const routing::Ask& ask,
                                          std::function<void()> on_place);

  std::optional<routing::ServerSlot> Take() { return waiter_->Take(net::EventLoop::Now()); }
  /// As Take(), but looks around, too: a server may be due to be tried again.
  std::optional<routing::ServerSlot> Look() { return waiter_->Look(net::EventLoop::Now()); }
  /// Leaves the queue for having waited too long.
  void GiveUp() { waiter_->GiveUp(); }

 private:
  PlaceWait() = default;

  // What is posted to the loop may come when this is gone.
  std::shared_ptr<std::function<void()>> on_place_;
  std::unique_ptr<routing::PlaceWaiter> waiter_;
};

}  // namespace sluice::backend
