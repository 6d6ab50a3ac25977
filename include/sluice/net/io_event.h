// A libevent event for one descriptor, stored inside its owner: a stream needs no allocation for
// it, and libevent's headers stay in the sources of net.
#pragma once

#include <cstddef>

struct event;
struct event_base;

namespace sluice::net {

/// Level-triggered unless started with kEdge: libevent calls back in every turn of the loop in
/// which the descriptor is ready. Belongs to its loop and the loop's thread, and ends before the
/// loop.
class IoEvent {
 public:
  /// Readiness to watch for, and to report: libevent's EV_READ and EV_WRITE. A broken connection is
  /// ready for everything that it is watched for.
  static constexpr short kReadable = 0x02;
  static constexpr short kWritable = 0x04;
  /// An additional flag: the callback is called once for each change, libevent's EV_ET. All started
  /// events of a descriptor have it, or none has it.
  static constexpr short kEdge = 0x20;

  /// May destroy the event.
  using Callback = void (*)(int fd, short ready, void* owner);

  /// Creates a stopped event. `fd` stays open until the event is stopped.
  IoEvent(event_base* base, int fd, short interest, Callback callback, void* owner);
  ~IoEvent() { Stop(); }
  IoEvent(const IoEvent&) = delete;
  IoEvent& operator=(const IoEvent&) = delete;

  /// Watches the descriptor until Stop. Returns false and sets errno if the kernel has no memory,
  /// or no watches left for this user.
  [[nodiscard]] bool Start();

  /// Stops the watch. The callback is not called any more, even if the descriptor is already ready
  /// in this turn.
  void Stop();

  /// Stops the event, and sets the readiness that it watches for after the next Start.
  void SetInterest(short interest);

  event_base* base() const;

 private:
  static constexpr size_t kSize = 128;  // sizeof(struct event) of libevent 2.1.

  event* get() { return reinterpret_cast<event*>(storage_); }
  const event* get() const { return reinterpret_cast<const event*>(storage_); }

  alignas(void*) std::byte storage_[kSize];
};

}  // namespace sluice::net
