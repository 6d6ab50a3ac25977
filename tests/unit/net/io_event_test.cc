#include "sluice/net/io_event.h"

#include <cerrno>
#include <functional>
#include <memory>

#include <fcntl.h>
#include <gtest/gtest.h>

#include "net/run_loop.h"
#include "net/sockets.h"

namespace sluice::net {
namespace {

using testing::RunTurns;
using testing::RunUntil;

struct Owner {
  static void OnEvent(int fd, short ready, void* self) {
    auto& owner = *static_cast<Owner*>(self);
    ++owner.calls;
    owner.fd = fd;
    owner.ready = ready;
    if (owner.function) owner.function();
  }
  std::unique_ptr<IoEvent> Watch(EventLoop& loop, int watched, short interest) {
    return std::make_unique<IoEvent>(loop.base(), watched, interest, &OnEvent, this);
  }
  std::function<void()> function;
  int calls = 0;
  int fd = -1;
  short ready = 0;
};

TEST(IoEventTest, ReportsInEveryTurnBetweenStartAndStop) {
  EventLoop loop;
  auto [ours, theirs] = testing::Pair();
  Owner owner;
  const auto event = owner.Watch(loop, ours.get(), IoEvent::kReadable);
  testing::SendAll(theirs, "unread");
  RunTurns(loop, 3);
  EXPECT_EQ(owner.calls, 0) << "not started";
  ASSERT_TRUE(event->Start());
  ASSERT_TRUE(RunUntil(loop, [&] { return owner.calls >= 3; }));
  EXPECT_EQ(owner.fd, ours.get());
  EXPECT_EQ(owner.ready, IoEvent::kReadable);
  event->Stop();
  const int calls = owner.calls;
  RunTurns(loop, 3);
  EXPECT_EQ(owner.calls, calls);
  ASSERT_TRUE(event->Start());
  ASSERT_TRUE(RunUntil(loop, [&] { return owner.calls > calls; })) << "started again";
}

TEST(IoEventTest, TwoEventsMayWatchOneDescriptor) {
  EventLoop loop;
  auto [ours, theirs] = testing::Pair();
  Owner reader, writer;
  const auto reading = reader.Watch(loop, ours.get(), IoEvent::kReadable);
  auto writing = writer.Watch(loop, ours.get(), IoEvent::kWritable);
  ASSERT_TRUE(reading->Start());
  ASSERT_TRUE(writing->Start());
  ASSERT_TRUE(RunUntil(loop, [&] { return writer.calls > 0; }));
  EXPECT_EQ(writer.ready, IoEvent::kWritable);
  EXPECT_EQ(reader.calls, 0);
  writing.reset();
  testing::SendAll(theirs, "x");
  ASSERT_TRUE(RunUntil(loop, [&] { return reader.calls > 0; }));
}

TEST(IoEventTest, ACallbackMayDestroyItsEventAndOthersOfTheTurn) {
  EventLoop loop;
  auto [a, b] = testing::Pair();
  Owner first, second;
  auto first_event = first.Watch(loop, a.get(), IoEvent::kWritable);
  auto second_event = second.Watch(loop, b.get(), IoEvent::kWritable);
  ASSERT_TRUE(first_event->Start());
  ASSERT_TRUE(second_event->Start());
  first.function = second.function = [&] {
    first_event.reset();
    second_event.reset();
  };
  RunTurns(loop, 3);
  EXPECT_EQ(first.calls + second.calls, 1);
}

TEST(IoEventTest, ADescriptorThatEpollRefusesIsAnErrorAndErrnoSaysWhy) {
  EventLoop loop;
  Owner owner;
  const auto closed = owner.Watch(loop, -1, IoEvent::kReadable);
  errno = 0;
  EXPECT_FALSE(closed->Start());
  EXPECT_EQ(errno, EBADF);
  const Fd file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  const auto regular = owner.Watch(loop, file.get(), IoEvent::kReadable);
  errno = 0;
  EXPECT_FALSE(regular->Start());
  EXPECT_EQ(errno, EPERM);
}

}  // namespace
}  // namespace sluice::net
