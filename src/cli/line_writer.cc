#include "cli/line_writer.h"

#include <cerrno>
#include <chrono>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace sluice::cli {
namespace {

// How long lines are collected, and how much memory for them is kept.
constexpr std::chrono::milliseconds kGather{10};
constexpr size_t kKept = 256 * 1024;

}  // namespace

LineWriter::LineWriter(int fd, std::function<std::string(uint64_t)> tell_dropped)
    : fd_(fd), tell_dropped_(std::move(tell_dropped)), thread_([this] { Run(); }) {}

LineWriter::~LineWriter() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void LineWriter::Write(std::string_view line) {
  {
    const std::lock_guard lock(mutex_);
    if (waiting_.size() + line.size() >= kMostWaiting) {
      ++dropped_;
      return;
    }
    const bool at_rest = waiting_.empty();
    waiting_.append(line).push_back('\n');
    if (!at_rest) return;
  }
  changed_.notify_one();
}

void LineWriter::Run() {
  std::string batch;
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return ending_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    changed_.wait_for(lock, kGather, [this] { return ending_; });
    batch.swap(waiting_);
    const uint64_t dropped = std::exchange(dropped_, 0);
    lock.unlock();
    WriteOut(batch);
    if (dropped != 0) WriteOut(tell_dropped_(dropped) + "\n");
    batch.clear();
    if (batch.capacity() > kKept) batch = std::string();
    lock.lock();
  }
}

void LineWriter::WriteOut(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written >= 0) {
      bytes.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {  // Another program has made the terminal or pipe non-blocking.
      pollfd writable{.fd = fd_, .events = POLLOUT, .revents = 0};
      poll(&writable, 1, -1);
    } else if (errno != EINTR) {
      return;  // The reader is gone.
    }
  }
}

}  // namespace sluice::cli
