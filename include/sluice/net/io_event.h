// A libevent event for one descriptor, stored inside its owner: a stream needs no allocation for
// it, and libevent's headers stay in the sources of net.
#pragma once

#include <cstddef>

struct event;
struct event_base;

namespace sluice::net {

/// Level-triggered unless it is watched with kEdge: libevent calls back in every turn of the loop
/// in which the descriptor is ready. Belongs to its loop and the loop's thread, and ends before the
/// loop does.
class IoEvent {
 public:
  /// What to watch a descriptor for, and what it is ready for: libevent's EV_READ and EV_WRITE. A
  /// broken connection is ready for whatever it is watched for.
  static constexpr short kReadable = 0x02;
  static constexpr short kWritable = 0x04;
  /// Part of an interest: the callback is called once for each change, libevent's EV_ET. All
  /// started events of a descriptor have it, or none.
  static constexpr short kEdge = 0x20;

  /// May destroy the event.
  using Callback = void (*)(int fd, short ready, void* owner);

  /// Does not watch yet. `fd` stays open until the event is stopped.
  IoEvent(event_base* base, int fd, short interest, Callback callback, void* owner);
  ~IoEvent() { Stop(); }
  IoEvent(const IoEvent&) = delete;
  IoEvent& operator=(const IoEvent&) = delete;

  /// Watches the descriptor until Stop. Returns false and sets errno if the kernel cannot watch it:
  /// it has no memory, or the user has as many watches as they may have.
  [[nodiscard]] bool Start();

  /// After this the callback is not called, even if the descriptor was found ready in this turn.
  void Stop();

  /// Stops the event, and changes what it watches for when it is started again.
  void SetInterest(short interest);

  event_base* base() const;

 private:
  static constexpr size_t kSize = 128;  // sizeof(struct event) of libevent 2.1.

  event* get() { return reinterpret_cast<event*>(storage_); }
  const event* get() const { return reinterpret_cast<const event*>(storage_); }

  alignas(void*) std::byte storage_[kSize];
};

}  // namespace sluice::net
