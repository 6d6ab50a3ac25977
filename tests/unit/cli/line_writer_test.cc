#include "cli/line_writer.h"

#include <array>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "sluice/net/fd.h"

namespace sluice::cli {
namespace {

class LineWriterTest : public ::testing::Test {
 protected:
  LineWriterTest() {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe2(ends.data(), O_CLOEXEC), 0);
    reader = net::Fd(ends[0]);
    end = net::Fd(ends[1]);
  }

  static std::string Tell(uint64_t lines) { return "dropped " + std::to_string(lines); }

  /// Everything, once the writing end is closed.
  std::string ReadAll() {
    std::string all;
    std::array<char, 65536> piece;
    ssize_t got = 0;
    while ((got = ::read(reader.get(), piece.data(), piece.size())) > 0) {
      all.append(piece.data(), static_cast<size_t>(got));
    }
    return all;
  }

  net::Fd reader;
  net::Fd end;
};

TEST_F(LineWriterTest, WritesWhatWaitsBeforeItEnds) {
  {
    LineWriter writer(end.get(), Tell);
    writer.Write("one");
    writer.Write("two");
  }
  end.Reset();
  EXPECT_EQ(ReadAll(), "one\ntwo\n");
}

TEST_F(LineWriterTest, WritesWithoutBeingEnded) {
  LineWriter writer(end.get(), Tell);
  for (const std::string line : {"one", "two"}) {
    writer.Write(line);
    std::array<char, 4> text{};
    ASSERT_EQ(::read(reader.get(), text.data(), text.size()), 4);
    EXPECT_EQ(std::string(text.data(), 4), line + "\n");
  }
}

TEST_F(LineWriterTest, NoLineIsTornByAnother) {
  constexpr int kThreads = 4;
  constexpr int kLines = 2000;
  std::string all;
  std::thread reading([&] { all = ReadAll(); });
  {
    LineWriter writer(end.get(), Tell);
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([&writer, t] {
        for (int i = 0; i < kLines; ++i) writer.Write(std::string(50, static_cast<char>('a' + t)));
      });
    }
    for (auto& thread : threads) thread.join();
  }
  end.Reset();
  reading.join();
  ASSERT_EQ(all.size(), size_t{kThreads} * kLines * 51);
  for (size_t i = 0; i < all.size(); i += 51) {
    ASSERT_EQ(all.substr(i, 51), std::string(50, all[i]) + "\n");
  }
}

TEST_F(LineWriterTest, AStalledReaderCostsLinesAndNotMemory) {
  const std::string line(64 * 1024 - 1, 'x');
  // More than the pipe, a batch on its way, and all that may wait.
  constexpr size_t kLines = 4 * LineWriter::kMostWaiting / (64 * 1024);
  std::string all;
  std::thread reading;
  {
    LineWriter writer(end.get(), Tell);
    for (size_t i = 0; i < kLines; ++i) writer.Write(line);
    reading = std::thread([&] { all = ReadAll(); });
  }
  end.Reset();
  reading.join();
  // Told once for each batch that lines were dropped behind: how many batches there are is the
  // scheduler's to say.
  size_t dropped = 0;
  size_t told = 0;
  for (size_t at = 0; (at = all.find("dropped ", at)) != std::string::npos; ++at) {
    dropped += std::stoul(all.substr(at + 8));
    told += all.find('\n', at) + 1 - at;
  }
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(all.size(), (kLines - dropped) * 64 * 1024 + told);
}

TEST_F(LineWriterTest, AReaderThatIsGoneIsNoTrouble) {
  signal(SIGPIPE, SIG_IGN);
  reader.Reset();
  LineWriter writer(end.get(), Tell);
  writer.Write("nobody reads this");
}

TEST_F(LineWriterTest, ADescriptorThatDoesNotBlock) {
  ASSERT_EQ(fcntl(end.get(), F_SETFL, O_NONBLOCK), 0);
  std::string all;
  std::thread reading;
  {
    LineWriter writer(end.get(), Tell);
    for (int i = 0; i < 10; ++i) writer.Write(std::string(50'000, 'x'));
    reading = std::thread([&] { all = ReadAll(); });
  }
  end.Reset();
  reading.join();
  EXPECT_EQ(all.size(), 10u * 50'001);
}

}  // namespace
}  // namespace sluice::cli
