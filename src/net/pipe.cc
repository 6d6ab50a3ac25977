#include "sluice/net/pipe.h"

#include <array>
#include <utility>

#include <fcntl.h>

namespace sluice::net {

std::unique_ptr<Pipe> Pipe::Open() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC) != 0) return nullptr;
  std::unique_ptr<Pipe> pipe(new Pipe());
  pipe->read_end_ = Fd(ends[0]);
  pipe->write_end_ = Fd(ends[1]);
  // The kernel refuses this if the user has too many pipes; then less is moved at a time.
  [[maybe_unused]] const int size = fcntl(ends[0], F_SETPIPE_SZ, static_cast<int>(kCapacity));
  return pipe;
}

PipePool::Lent PipePool::Take() {
  std::unique_ptr<Pipe> pipe;
  if (!idle_.empty()) {
    pipe = std::move(idle_.back());
    idle_.pop_back();
  } else if (count_ < kMost && (pipe = Pipe::Open())) {
    ++count_;
  }
  if (pipe) pipe->pool_ = this;
  return Lent(pipe.release());
}

void PipePool::GiveBack(std::unique_ptr<Pipe> pipe) {
  PipePool& pool = *pipe->pool_;
  if (pipe->empty()) {
    pool.idle_.push_back(std::move(pipe));
  } else {
    --pool.count_;
  }
}

}  // namespace sluice::net
