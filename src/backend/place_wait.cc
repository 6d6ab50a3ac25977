#include "sluice/backend/place_wait.h"

#include <utility>

namespace sluice::backend {

std::unique_ptr<PlaceWait> PlaceWait::Start(net::EventLoop& loop, const routing::Pools& pools,
                                            size_t backend, const routing::Criteria& criteria,
                                            std::function<void()> on_place) {
  std::unique_ptr<PlaceWait> wait(new PlaceWait());
  wait->on_place_ = std::make_shared<std::function<void()>>(std::move(on_place));
  const std::weak_ptr<std::function<void()>> weak = wait->on_place_;
  wait->waiter_ = pools.Wait(backend, criteria, [&loop, weak] {
    loop.Post([weak] {
      // A copy, because the call may destroy the object that owns the function.
      if (const auto strong = weak.lock()) (*strong)();
    });
  });
  if (!wait->waiter_) return nullptr;
  return wait;
}

}  // namespace sluice::backend
