#include "sluice/server/control.h"

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "net/run_loop.h"

namespace sluice::server {
namespace {

using net::testing::RunTurns;
using net::testing::RunUntil;

/// Two workers whose loops the test runs in its own thread, one turn at a time: until it does, a
/// worker is busy.
class ControlTest : public ::testing::Test {
 protected:
  void RunWorker(size_t worker) { RunTurns(workers[worker], 1); }
  /// Runs the loop that asked until it has handled what was posted to it.
  void Collect() { RunTurns(loop, 2); }

  Control::Pending Ask(std::optional<base::Duration> limit = std::nullopt) {
    return control.Ask<std::string>(
        limit,
        [this](size_t worker, const Control::Reply<std::string>& reply) {
          asked.push_back(worker);
          reply("worker " + std::to_string(worker));
        },
        [this](Control::Replies<std::string> all) {
          ++completions;
          replies = std::move(all);
        });
  }

  net::EventLoop loop;
  std::vector<net::EventLoop> workers{2};
  Control control{loop, {&workers[0], &workers[1]}};
  std::vector<size_t> asked;
  int completions = 0;
  Control::Replies<std::string> replies;
};

TEST_F(ControlTest, CompletesWhenTheLastWorkerHasReplied) {
  const auto pending = Ask();
  RunWorker(1);
  Collect();
  EXPECT_EQ(completions, 0);
  RunWorker(0);
  EXPECT_EQ(completions, 0) << "replies are collected on the loop that asked";
  Collect();
  EXPECT_EQ(completions, 1);
  EXPECT_EQ(replies, (Control::Replies<std::string>{"worker 0", "worker 1"}));
  EXPECT_EQ(asked, (std::vector<size_t>{1, 0}));
}

TEST_F(ControlTest, WithoutAReplyInTimeCompletesWithTheOthers) {
  const auto pending = Ask(base::Duration(20));
  RunWorker(1);
  EXPECT_TRUE(RunUntil(loop, [&] { return completions == 1; }));
  EXPECT_EQ(replies, (Control::Replies<std::string>{std::nullopt, "worker 1"}));
  EXPECT_EQ(SilentWorkers(replies), std::vector<size_t>{0});
  RunWorker(0);
  Collect();
  EXPECT_EQ(asked, (std::vector<size_t>{1, 0})) << "the worker still does what it was asked to do";
  EXPECT_EQ(completions, 1) << "a late reply is ignored";
}

TEST_F(ControlTest, AWithdrawnQuestionNeverCompletes) {
  auto pending = Ask(base::Duration(0));
  RunWorker(0);
  pending.reset();
  RunWorker(1);
  RunTurns(loop, 5);
  EXPECT_EQ(completions, 0);
  EXPECT_EQ(asked.size(), 2u);
}

TEST_F(ControlTest, AWorkerMayReplyLaterAndOnlyItsFirstReplyCounts) {
  std::vector<Control::Reply<int>> held;
  std::optional<Control::Replies<int>> all;
  const auto pending = control.Ask<int>(
      std::nullopt, [&](size_t, Control::Reply<int> reply) { held.push_back(std::move(reply)); },
      [&](Control::Replies<int> replies_now) { all = std::move(replies_now); });
  RunWorker(0);
  RunWorker(1);
  Collect();
  ASSERT_EQ(held.size(), 2u);
  held[0](1);
  held[0](2);
  Collect();
  EXPECT_FALSE(all);
  held[1](3);
  Collect();
  EXPECT_EQ(all, (Control::Replies<int>{1, 3}));
  held[1](4);
  Collect();
}

TEST_F(ControlTest, TheCompletionMayDestroyTheQuestionAndAskTheNext) {
  for (const auto limit : {std::optional<base::Duration>(0), std::optional<base::Duration>()}) {
    bool is_done = false;
    Control::Pending pending;
    const auto nothing = [](size_t, const Control::Reply<Control::Done>& reply) { reply({}); };
    pending = control.Ask<Control::Done>(
        limit, nothing, [&, marker = std::make_shared<int>(7)](const auto&) {
          pending = control.Ask<Control::Done>(std::nullopt, nothing, [&, marker](const auto&) {
            pending.reset();
            is_done = *marker == 7;
          });
          EXPECT_EQ(*marker, 7);
        });
    EXPECT_TRUE(RunUntil(loop, [&] {
      RunWorker(0);
      RunWorker(1);
      return is_done;
    }));
  }
}

TEST_F(ControlTest, AWorkersOwnQuestionIsDestroyedWithItsLoop) {
  std::vector<std::weak_ptr<int>> captured;
  std::vector<std::function<void(Control::Reply<Control::Done>)>> questions;
  for (int i = 0; i < 2; ++i) {
    auto object = std::make_shared<int>(i);
    captured.push_back(object);
    questions.push_back([object](const Control::Reply<Control::Done>& reply) { reply({}); });
  }
  const auto pending = control.AskEach<Control::Done>(std::nullopt, std::move(questions),
                                                      [&](const auto&) { ++completions; });
  RunWorker(0);
  EXPECT_TRUE(captured[0].expired());
  EXPECT_FALSE(captured[1].expired());
  workers.clear();  // The loop of the other worker ends, and it never replies.
  EXPECT_TRUE(captured[1].expired());
  Collect();
  EXPECT_EQ(completions, 0);
}

TEST(ControlThreads, QuestionsReachWorkersInOrderAndWithdrawalsRace) {
  net::EventLoop loop;
  std::vector<net::EventLoop> workers(4);
  std::vector<net::EventLoop*> loops;
  std::vector<std::thread> threads;
  for (auto& worker : workers) {
    loops.push_back(&worker);
    threads.emplace_back([&worker] { worker.Run(); });
  }
  Control control(loop, loops);
  std::vector<int> last(workers.size(), -1);  // Each belongs to its worker's thread.
  bool is_done = false;
  Control::Pending pending;
  constexpr int kQuestions = 200;
  for (int i = 0; i < kQuestions; ++i) {
    // Each replaces, and so withdraws, the one before while replies are on their way.
    pending = control.Ask<int>(
        Control::kReplyLimit,
        [&last, i](size_t worker, const Control::Reply<int>& reply) {
          reply(std::exchange(last[worker], i));
        },
        [&is_done, i](const Control::Replies<int>& replies) {
          EXPECT_EQ(replies, Control::Replies<int>(4, i - 1));
          is_done = i == kQuestions - 1;
        });
    RunTurns(loop, 1);
  }
  EXPECT_TRUE(RunUntil(loop, [&] { return is_done; }));
  for (auto& worker : workers) worker.Stop();
  for (auto& thread : threads) thread.join();
}

}  // namespace
}  // namespace sluice::server
