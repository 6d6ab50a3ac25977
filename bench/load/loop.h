// An event loop over epoll, level-triggered: every socket that is ready gets one bounded step, in
// the order in which they became ready, so that none starves. A prompt handler gets a step between
// the steps of any two others, so that its latency does not contain theirs.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include <sys/epoll.h>

namespace sluice::bench {

int64_t NowNs();

class Handler {
 public:
  Handler() = default;
  Handler(const Handler&) = delete;
  Handler& operator=(const Handler&) = delete;
  virtual ~Handler() = default;

  virtual void OnReady(uint32_t events) = 0;

 private:
  friend class Loop;
  bool is_prompt_ = false;
};

class Loop {
 public:
  Loop();

  void Add(int fd, uint32_t events, Handler& handler);
  void Modify(int fd, uint32_t events, Handler& handler);

  /// Makes a handler that was added prompt.
  void MakePrompt(int fd, uint32_t events, Handler& handler);

  /// Destroys it after this turn, for an event of it may still be to come.
  void DestroyLater(std::unique_ptr<Handler> handler) {
    if (handler->is_prompt_) --prompt_count_;
    dying_.push_back(std::move(handler));
  }

  /// Calls `task` in the loop's thread. From any thread.
  void Post(std::function<void()> task);

  /// Calls `task` once at about `time`. There is one such timer.
  void SetTimer(int64_t time, std::function<void()> task);

  /// Until Stop().
  void Run();
  void Stop() { stopped_ = true; }

  /// When the events of this turn were fetched.
  int64_t turn_time() const { return turn_time_; }

  /// What one turn's receives share.
  std::vector<uint8_t>& scratch() { return scratch_; }

 private:
  static constexpr int kEventsPerTurn = 1024;

  void RunPosted();
  void RunPrompt();

  int epoll_;
  int prompt_epoll_;  // Watched by epoll_, for the prompt handlers.
  size_t prompt_count_ = 0;
  int wake_;
  std::array<epoll_event, kEventsPerTurn> events_;
  std::vector<uint8_t> scratch_;
  std::vector<std::unique_ptr<Handler>> dying_;
  std::function<void()> timer_;
  int64_t timer_time_ = 0;
  int64_t turn_time_ = 0;
  bool stopped_ = false;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;  // Guarded by mutex_.
  std::atomic<bool> has_posted_{false};
};

}  // namespace sluice::bench
