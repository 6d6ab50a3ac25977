#include "server/shutdown.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace sluice::server {
namespace {

double Seconds(base::Duration time) {
  return std::chrono::duration<double>(time).count();
}

}  // namespace

void Shutdown::Retire(Done done) {
  state_ = State::kRetiring;
  is_retired_ = true;
  done_ = std::move(done);
  log_.Write(base::LogLevel::kInfo, "retiring", {});
  StopAcceptingThen(Control::kReplyLimit, [this] {
    // The sessions decide how long this takes; a drain ends the wait.
    AskToEnd(std::nullopt, [](worker::Worker& worker, std::function<void()> ended) {
      worker.AwaitEnd(std::move(ended));
    });
  });
}

void Shutdown::Drain(const settings::Config& config, Done done) {
  state_ = State::kDelayed;
  pending_.reset();
  done_ = std::move(done);
  window_ = config.drain.window;
  limit_ = config.drain_timeout - config.drain.delay;
  log_.Write(base::LogLevel::kInfo, "draining",
             {{"delay_seconds", Seconds(config.drain.delay)},
              {"window_seconds", Seconds(window_)},
              {"timeout_seconds", Seconds(config.drain_timeout)}});
  if (config.drain.delay.count() != 0) {
    delay_timer_.Start(config.drain.delay);
  } else {
    BeginDrain();
  }
}

void Shutdown::OnTimer() {
  BeginDrain();
}

void Shutdown::BeginDrain() {
  state_ = State::kDraining;
  const base::TimePoint until = net::EventLoop::Now() + limit_;
  StopAcceptingThen(std::min(limit_, Control::kReplyLimit), [this, until] {
    AskToEnd(std::max(until - net::EventLoop::Now(), base::Duration(0)),
             [window = window_](worker::Worker& worker, std::function<void()> ended) {
               worker.Drain(window, std::move(ended));
             });
  });
}

void Shutdown::Abort() {
  if (state_ == State::kEnded) return;
  delay_timer_.Stop();
  state_ = State::kAborting;
  AskToEnd(Control::kReplyLimit, [](worker::Worker& worker, std::function<void()> ended) {
    worker.StopAccepting();
    worker.Abort();
    worker.Drain(base::Duration(0), std::move(ended));
  });
}

/// Asks all workers to stop accepting, then calls `next`. A worker that does not reply is stuck and
/// accepts no connections either, so the shutdown continues without its reply.
void Shutdown::StopAcceptingThen(base::Duration limit, std::function<void()> next) {
  pending_ = control_.Ask<Control::Done>(
      limit,
      [this](size_t worker, const Control::Reply<Control::Done>& reply) {
        workers_[worker]->StopAccepting();
        reply({});
      },
      [next = std::move(next)](const Control::Replies<Control::Done>&) { next(); });
}

void Shutdown::AskToEnd(std::optional<base::Duration> limit,
                        std::function<void(worker::Worker&, std::function<void()> done)> act) {
  pending_ = control_.Ask<Control::Done>(
      limit,
      [this, act = std::move(act)](size_t worker, const Control::Reply<Control::Done>& reply) {
        act(*workers_[worker], [reply] { reply({}); });
      },
      [this](const Control::Replies<Control::Done>& replies) {
        const std::vector<size_t> silent = SilentWorkers(replies);
        if (silent.empty() || state_ == State::kAborting) {
          End(silent);
        } else {
          Abort();
        }
      });
}

void Shutdown::End(const std::vector<size_t>& stuck) {
  state_ = State::kEnded;
  LogSilentWorkers(log_, stuck, "it has not ended its sessions");
  std::exchange(done_, nullptr)(stuck);
}

void LogSilentWorkers(base::Log& log, const std::vector<size_t>& workers, std::string_view detail) {
  for (const size_t worker : workers) {
    log.Write(base::LogLevel::kError, "worker_silent", {{"worker", worker}, {"detail", detail}});
  }
}

}  // namespace sluice::server
