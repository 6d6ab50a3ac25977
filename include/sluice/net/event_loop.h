// One thread's event loop, its timers and watches, and the ways to run something later.
//
// A loop waits in an epoll set of its own. libevent is for those who bring their sockets along with
// it (hiredis, evhttp) and for signals: only a loop that has had any of these waits in libevent,
// which then watches that epoll set. The difference is a tenth of what a small message costs
// (docs/performance.md).
//
// Everything here belongs to the thread that calls Run, but for Post and Stop. Nothing is run
// inside the call that asked for it, so a caller never finds itself changed under its feet.
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

struct event;
struct event_base;

namespace sluice::net {

class EventLoop;
class Poller;
class TimerQueue;

struct EventDeleter {
  void operator()(event* e) const;
};
using EventPtr = std::unique_ptr<event, EventDeleter>;

class FdHandler {
 public:
  /// What `fd` is ready for. Whoever is broken is ready for both. May destroy the watch.
  virtual void OnFdReady(int fd, bool readable, bool writable) = 0;

 protected:
  ~FdHandler() = default;
};

/// Watches a descriptor that is no stream: a listening socket, a timer of the kernel's, a library's
/// socket. Belongs to its loop and the loop's thread. Destroying it ends the watch.
class FdWatch {
 public:
  /// Tells `handler`, in every turn in which `fd` is ready for what is asked. Both outlive this.
  FdWatch(EventLoop& loop, int fd, bool to_read, bool to_write, FdHandler& handler);
  ~FdWatch();
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;

  /// False if the kernel has no memory or no watches left, which it counts per user.
  bool ok() const { return ok_; }

 private:
  friend class Poller;
  void OnReady(uint32_t events);

  Poller& poller_;
  FdHandler& handler_;
  const int fd_;
  bool ok_;
};

class EventLoop final : private FdHandler {
 public:
  /// Something to be done in the next turn of the loop, such as going on with a session that had
  /// its share of this one. Destroying it cancels it.
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

  /// Ends Run when the current turn is over. Any thread.
  void Stop();

  /// Runs `function` on the loop's thread, in order. Any thread. What is posted after the last Run
  /// is destroyed without being run.
  void Post(std::function<void()> function);

  /// Runs `task` once in the next turn, after the I/O of that turn; no effect if it is queued
  /// already.
  void RunNextTurn(Task& task);

  /// Destroys `object` in the next turn, when no callback of this one can still be using it.
  template <typename T>
  void DestroyLater(std::unique_ptr<T> object) {
    if (object) Bury({object.release(), [](void* dead) { delete static_cast<T*>(dead); }});
  }

  /// Monotonic time, a few milliseconds coarse, so cheap that the data path may ask. It and the
  /// precise time are of the same epoch.
  static base::TimePoint Now();

  /// libevent's handle, for src/net and src/admin. Made when it is first asked for; the loop waits
  /// in libevent from then on.
  event_base* base();
  /// Who watches the loop's descriptors, for src/net.
  Poller& poller() { return *poller_; }
  TimerQueue& timers() { return *timers_; }

 private:
  struct BaseDeleter {
    void operator()(event_base* base) const;
  };

  // An object that is done with, and how it is destroyed.
  struct Dead {
    void* object;
    void (*destroy)(void* object);
  };

  void Bury(Dead dead);
  void DestroyDead(size_t count);
  void OnFdReady(int fd, bool readable, bool writable) override;
  void RunTurn();
  void RunTasks(size_t count);

  std::unique_ptr<Poller> poller_;
  std::unique_ptr<event_base, BaseDeleter> base_;  // Null where nobody needs it,
  EventPtr poller_event_;                          // and this one, by which it watches the poller.
  std::unique_ptr<TimerQueue> timers_;
  Fd wakeup_;
  FdWatch wakeup_watch_;
  bool stopped_ = false;

  std::vector<Task*> tasks_;  // Null where one was cancelled.
  std::vector<Dead> graveyard_;

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

  /// Calls the handler once after `delay`, or now replaces the delay that is running. A delay of a
  /// second or more may take up to 50 ms longer.
  void Start(base::Duration delay);
  void Stop();

 private:
  friend class TimerQueue;
  static constexpr size_t kNotQueued = SIZE_MAX;

  TimerQueue& queue_;
  TimerHandler& handler_;
  size_t place_ = kNotQueued;  // In the queue's heap.
};

/// While it lives, the calling thread takes no signals, nor does any thread that it starts
/// meanwhile, ever: signals are for the main thread's loop.
class SignalBlock {
 public:
  SignalBlock();
  ~SignalBlock();
  SignalBlock(const SignalBlock&) = delete;
  SignalBlock& operator=(const SignalBlock&) = delete;

  /// For a program that is about to end: the calling thread takes no signals from now on.
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
