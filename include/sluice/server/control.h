// Asks every worker a question and collects the replies on the loop that asked.
//
//     pending_ = control.Ask<size_t>(
//         Control::kReplyLimit,
//         [this](size_t worker, Control::Reply<size_t> reply) { reply(SessionsOf(worker)); },
//         [this](Control::Replies<size_t> replies) { Sum(replies); });
//
// The question runs on each worker's thread, after the functions that were posted to that worker
// before. It replies at once or later, such as when the last session has ended. The completion runs
// once, on the loop that asked, and never inside Ask.
//
// What happens to a question:
//
//   event                            | while it is pending                    | when complete
//   ---------------------------------+----------------------------------------+---------------------
//   a worker replies                 | the reply is stored; the last one      | ignored
//                                    | completes the question                 |
//   the worker replies again         | ignored                                | ignored
//   the limit is over                | completes; missing replies are unset   | -
//   the asker destroys its Pending   | withdrawn: it never completes          | no effect
//   a worker's loop ends             | its reply stays missing                | -
//   the loop that asked ends         | it does not complete                   | -
//
// Workers run a question even if it has been withdrawn or has completed: a worker that was busy for
// too long applies a reload as soon as it continues.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/net/event_loop.h"

namespace sluice::server {

/// One question that the workers have been asked. Belongs to the thread of the loop that asked.
class Question : public std::enable_shared_from_this<Question>, private net::TimerHandler {
 public:
  virtual ~Question() = default;
  Question(const Question&) = delete;
  Question& operator=(const Question&) = delete;

 protected:
  Question(net::EventLoop& loop, size_t workers) : timer_(loop, *this), missing_(workers) {}

  void StartTimer(base::Duration limit) { timer_.Start(limit); }
  bool is_pending() const { return state_ == State::kPending; }
  /// Counts a worker's first reply.
  void OnReply();

 private:
  enum class State : uint8_t { kPending, kComplete };

  virtual void Complete() = 0;
  void OnTimer() override;
  void Finish();

  State state_ = State::kPending;
  net::Timer timer_;
  size_t missing_;  // The number of missing replies.
};

/// Belongs to the thread of the loop that asks. That loop outlives the workers' threads.
class Control {
 public:
  /// The time after which a worker counts as stuck: a turn of its loop takes milliseconds.
  static constexpr base::Duration kReplyLimit = std::chrono::seconds(5);

  /// A reply without content: the worker has done what it was asked to do.
  struct Done {};

  /// Accepts the worker's reply. Any thread, at any time; a copy may outlive the question.
  template <typename T>
  using Reply = std::function<void(T)>;

  /// The replies by worker; unset if a worker did not reply in time.
  template <typename T>
  using Replies = std::vector<std::optional<T>>;

  /// Keeps a question pending. Destroying it withdraws the question. Null: no question.
  using Pending = std::shared_ptr<const Question>;

  /// `workers` are the loops of the workers, by worker.
  Control(net::EventLoop& loop, std::vector<net::EventLoop*> workers)
      : loop_(loop), workers_(std::move(workers)) {}

  /// Asks all workers the same question; see the top of this file. `limit` is unset only for a
  /// question that sessions decide the duration of, if no client waits for it.
  template <typename T>
  [[nodiscard]] Pending Ask(std::optional<base::Duration> limit,
                            const std::function<void(size_t worker, Reply<T>)>& question,
                            std::function<void(Replies<T>)> done);

  /// Asks each worker its own question. Each question alone owns its captures, so objects of a
  /// worker's loop are destroyed with that loop if the question never runs.
  template <typename T>
  [[nodiscard]] Pending AskEach(std::optional<base::Duration> limit,
                                std::vector<std::function<void(Reply<T>)>> questions,
                                std::function<void(Replies<T>)> done);

 private:
  template <typename T>
  class QuestionFor;

  net::EventLoop& loop_;
  const std::vector<net::EventLoop*> workers_;
};

/// Returns the workers whose reply is missing.
template <typename T>
std::vector<size_t> SilentWorkers(const std::vector<std::optional<T>>& replies) {
  std::vector<size_t> silent;
  for (size_t worker = 0; worker < replies.size(); ++worker) {
    if (!replies[worker]) silent.push_back(worker);
  }
  return silent;
}

template <typename T>
class Control::QuestionFor final : public Question {
 public:
  QuestionFor(net::EventLoop& loop, size_t workers, std::function<void(Replies<T>)> done)
      : Question(loop, workers), replies_(workers), done_(std::move(done)) {}

  void Start(std::optional<base::Duration> limit) {
    if (limit) StartTimer(*limit);
  }

  void Accept(size_t worker, T reply) {
    if (!is_pending() || replies_[worker]) return;
    replies_[worker] = std::move(reply);
    OnReply();
  }

 private:
  void Complete() override { done_(std::move(replies_)); }

  Replies<T> replies_;
  const std::function<void(Replies<T>)> done_;
};

template <typename T>
Control::Pending Control::Ask(std::optional<base::Duration> limit,
                              const std::function<void(size_t worker, Reply<T>)>& question,
                              std::function<void(Replies<T>)> done) {
  std::vector<std::function<void(Reply<T>)>> questions;
  for (size_t worker = 0; worker < workers_.size(); ++worker) {
    questions.push_back([question, worker](Reply<T> reply) { question(worker, std::move(reply)); });
  }
  return AskEach<T>(limit, std::move(questions), std::move(done));
}

template <typename T>
Control::Pending Control::AskEach(std::optional<base::Duration> limit,
                                  std::vector<std::function<void(Reply<T>)>> questions,
                                  std::function<void(Replies<T>)> done) {
  const auto pending = std::make_shared<QuestionFor<T>>(loop_, workers_.size(), std::move(done));
  pending->Start(limit);
  for (size_t worker = 0; worker < workers_.size(); ++worker) {
    // Only the loop that asked locks the weak pointer, so that a question is destroyed on the
    // thread that it belongs to.
    Reply<T> reply = [&loop = loop_, worker, weak = std::weak_ptr(pending)](T content) {
      loop.Post([worker, weak, content = std::move(content)]() mutable {
        if (const auto strong = weak.lock()) strong->Accept(worker, std::move(content));
      });
    };
    workers_[worker]->Post(
        [question = std::move(questions[worker]), reply = std::move(reply)] { question(reply); });
  }
  return pending;
}

}  // namespace sluice::server
