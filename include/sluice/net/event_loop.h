// The event loop of one thread: libevent's event_base, timers, and functions that run later. A
// thread waits only for events of its event_base: sockets, timers, wake-ups, signals, and the
// sockets of c-ares, hiredis and evhttp.
//
// Everything here belongs to the thread that calls Run, except Post and Stop. No callback runs
// inside the call that requested it, so the state of a caller does not change during its call.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include <signal.h>

#include "sluice/base/clock.h"
#include "sluice/net/fd.h"
#include "sluice/net/io_event.h"

namespace sluice::net {

class EventLoop;
class TimerQueue;

struct EventDeleter {
  void operator()(event* e) const;
};
using EventPtr = std::unique_ptr<event, EventDeleter>;

class FdHandler {
 public:
  /// Called when `fd` is readable or writable. A broken descriptor is ready for everything that it
  /// is watched for. May destroy the watch.
  virtual void OnFdReady(int fd, bool readable, bool writable) = 0;

 protected:
  ~FdHandler() = default;
};

/// Watches a descriptor that is not a stream: a listening socket, a socket of a library. Belongs to
/// its loop and the loop's thread. Destroying it ends the watch.
class FdWatch {
 public:
  /// Notifies `handler` in every turn in which `fd` is ready. The loop and `handler` outlive the
  /// watch.
  FdWatch(EventLoop& loop, int fd, bool to_read, bool to_write, FdHandler& handler);
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;

  /// Returns false if the kernel has no memory, or no watches left for this user.
  bool ok() const { return ok_; }

 private:
  static void OnReady(int fd, short ready, void* self);

  FdHandler& handler_;
  IoEvent event_;
  bool ok_;
};

class EventLoop final {
 public:
  /// Work for the next turn of the loop, such as the rest of a session's work after it has used its
  /// share of this turn. Destroying the task cancels it.
  class Task {
   public:
    Task() = default;
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;

   protected:
    virtual ~Task();

   private:
    friend class EventLoop;
    virtual void RunTask() = 0;
    EventLoop* queued_on_ = nullptr;
    size_t place_ = 0;
  };

  EventLoop();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  /// Runs until Stop. May be called again after that.
  void Run();

  /// Makes Run return. Any thread. Events that are already ready wait for the next Run.
  void Stop();

  /// Runs `function` on the loop's thread, in the order of the posts. Any thread. A function that
  /// is posted after the last Run is destroyed without running.
  void Post(std::function<void()> function);

  /// Runs `task` once in the next turn, after the I/O of that turn. No effect if it is already
  /// queued.
  void RunNextTurn(Task& task);

  /// Destroys `object` in the next turn, when no callback of this turn can use it any more.
  template <typename T>
  void DestroyLater(std::unique_ptr<T> object) {
    if (!object) return;
    DeferDeletion({object.release(), [](void* deferred) { delete static_cast<T*>(deferred); }});
  }

  /// Returns the monotonic time with a resolution of a few milliseconds. It is cheap enough for the
  /// data path, and has the same epoch as the precise time.
  static base::TimePoint Now();

  /// libevent's handle of the loop, for src/net and src/admin.
  event_base* base() { return base_.get(); }
  TimerQueue& timers() { return *timers_; }

 private:
  struct BaseDeleter {
    void operator()(event_base* base) const;
  };

  struct DeferredDeletion {
    void* object;
    void (*destroy)(void* object);
  };

  void DeferDeletion(DeferredDeletion deletion);
  void ScheduleNextTurn();
  void OnNextTurn();
  void OnWakeup();
  void RunTasks(size_t count);
  void DeleteDeferred(size_t count);

  std::unique_ptr<event_base, BaseDeleter> base_;
  std::unique_ptr<TimerQueue> timers_;
  Fd wakeup_;
  IoEvent wakeup_event_;
  EventPtr next_turn_;  // Due in the next turn if there is a task or a deferred deletion.
  bool is_next_turn_scheduled_ = false;

  std::vector<Task*> tasks_;  // Null: cancelled.
  std::vector<DeferredDeletion> deferred_deletions_;

  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // Guarded by mutex_.
};

class TimerHandler {
 public:
  virtual void OnTimer() = 0;

 protected:
  ~TimerHandler() = default;
};

/// A one-shot timer. Destroying it cancels it.
class Timer {
 public:
  /// `handler` outlives the timer.
  Timer(EventLoop& loop, TimerHandler& handler) : queue_(loop.timers()), handler_(handler) {}
  ~Timer() { Stop(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  /// Calls the handler once after `delay`. Replaces a delay that is running. A delay of a second or
  /// more may take up to 50 ms longer.
  void Start(base::Duration delay);
  void Stop();

 private:
  friend class TimerQueue;
  static constexpr size_t kNotQueued = SIZE_MAX;

  TimerQueue& queue_;
  TimerHandler& handler_;
  size_t place_ = kNotQueued;  // In the queue's heap.
};

/// Blocks signals in the calling thread while it exists. Threads that are started meanwhile keep
/// them blocked, because signals are for the main thread's loop.
class SignalBlock {
 public:
  SignalBlock();
  ~SignalBlock();
  SignalBlock(const SignalBlock&) = delete;
  SignalBlock& operator=(const SignalBlock&) = delete;

  /// Blocks signals in the calling thread for ever, for a program that is about to end.
  static void ForGood();

 private:
  sigset_t previous_;
};

/// Calls back when the process receives a signal. For the main thread's loop only.
class SignalWatch {
 public:
  SignalWatch(EventLoop& loop, int signal, std::function<void()> callback);

 private:
  std::unique_ptr<std::function<void()>> callback_;
  EventPtr event_;
};

}  // namespace sluice::net
