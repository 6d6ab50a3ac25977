// Ends the workers: by a drain after SIGTERM, or after a hand-over when their sessions have ended.
//
//   kServing ──Retire──► kRetiring ───all workers are empty───────────────────► kEnded
//       │                    │                                                    ▲
//     Drain                Drain                                                  │
//       ▼                    ▼                                                    │
//   kDelayed ──delay is over──► kDraining ───all workers are empty────────────────┤
//       │                           │                                             │
//     Abort            limit is over, or Abort                                    │
//       ▼                           ▼                                             │
//   kAborting ◄─────────────────────┘ ───all workers are empty, or time is up─────┘
//
// All workers stop accepting before any of them ends its sessions, so that no worker passes a
// connection to a worker that is already empty.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/log.h"
#include "sluice/net/event_loop.h"
#include "sluice/server/control.h"
#include "sluice/settings/config.h"
#include "sluice/worker/worker.h"

namespace sluice::server {

/// Belongs to the main thread.
class Shutdown final : private net::TimerHandler {
 public:
  /// Called once, with the workers that are stuck: they have not even ended their connections.
  using Done = std::function<void(const std::vector<size_t>& stuck)>;

  /// Everything passed in outlives this object, and the workers' threads end before it does.
  Shutdown(net::EventLoop& loop, Control& control,
           const std::vector<std::unique_ptr<worker::Worker>>& workers, base::Log& log)
      : control_(control), workers_(workers), log_(log), delay_timer_(loop, *this) {}

  /// Stops accepting and waits for the sessions to end by themselves. Drain may follow.
  void Retire(Done done);
  /// Stops accepting after `drain.delay`, and ends the sessions within `timeouts.drain`.
  void Drain(const settings::Config& config, Done done);
  /// Ends every session at once. The `done` of Drain follows. Only after Drain.
  void Abort();

  bool is_draining() const { return state_ >= State::kDelayed; }
  bool is_retired() const { return is_retired_; }

 private:
  enum class State : uint8_t { kServing, kRetiring, kDelayed, kDraining, kAborting, kEnded };

  void OnTimer() override;
  void BeginDrain();
  void StopAcceptingThen(base::Duration limit, std::function<void()> next);
  /// Asks all workers to run `act`, and ends the shutdown when they have replied.
  void AskToEnd(std::optional<base::Duration> limit,
                std::function<void(worker::Worker&, std::function<void()> done)> act);
  void End(const std::vector<size_t>& stuck);

  Control& control_;
  const std::vector<std::unique_ptr<worker::Worker>>& workers_;
  base::Log& log_;
  State state_ = State::kServing;
  bool is_retired_ = false;  // It stays true while a drain follows.
  net::Timer delay_timer_;
  base::Duration window_{0};
  base::Duration limit_{0};  // Starts at the end of the delay.
  Control::Pending pending_;
  Done done_;
};

/// Logs an error for each of these workers. `detail` names the step that it has not done in time.
void LogSilentWorkers(base::Log& log, const std::vector<size_t>& workers, std::string_view detail);

}  // namespace sluice::server
