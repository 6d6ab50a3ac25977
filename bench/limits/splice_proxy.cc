// The zero-copy limit: a TCP proxy that moves pages from socket to socket through a pipe and never
// sees a byte. No gateway that passes all bytes through the kernel's sockets can spend less.
//
//   splice_proxy LISTEN_PORT BACKEND_PORT    prints {"port": N}; LISTEN_PORT 0 lets the kernel
//   choose
#include <cstddef>
#include <utility>
#include <vector>

#include <fcntl.h>

#include "limits/pair_proxy.h"

namespace sluice::bench {
namespace {

constexpr size_t kPipeSize = size_t{1024} * 1024;
constexpr unsigned kFlags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;

struct Pipe {
  int read_end = -1;
  int write_end = -1;
};

/// Empty pipes. A direction borrows one for as long as bytes are in it, which is rarely longer than
/// one event, so that a connection costs no pipe of its own.
std::vector<Pipe> g_pipes;

Pipe TakePipe() {
  if (!g_pipes.empty()) {
    const Pipe pipe = g_pipes.back();
    g_pipes.pop_back();
    return pipe;
  }
  int ends[2];
  if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) Die("pipe2");
  if (fcntl(ends[1], F_SETPIPE_SZ, kPipeSize) < 0) Die("F_SETPIPE_SZ");
  return {.read_end = ends[0], .write_end = ends[1]};
}

class SpliceDirection {
 public:
  SpliceDirection() = default;
  SpliceDirection(const SpliceDirection&) = delete;
  SpliceDirection& operator=(const SpliceDirection&) = delete;

  ~SpliceDirection() {
    if (!holds_bytes()) return;
    close(pipe_.read_end);
    close(pipe_.write_end);
  }

  bool holds_bytes() const { return held_ > 0; }

  Outcome Pump(int from, int to) {
    if (holds_bytes()) return Drain(to);
    pipe_ = TakePipe();
    const ssize_t got = splice(from, nullptr, pipe_.write_end, nullptr, kPipeSize, kFlags);
    if (got <= 0) {
      const Outcome outcome = got == 0       ? Outcome::kEnd
                              : WouldBlock() ? Outcome::kGoOn
                                             : Outcome::kBroken;
      g_pipes.push_back(pipe_);
      return outcome;
    }
    held_ = static_cast<size_t>(got);
    return Drain(to);
  }

 private:
  Outcome Drain(int to) {
    const ssize_t sent = splice(pipe_.read_end, nullptr, to, nullptr, held_, kFlags);
    if (sent < 0) return WouldBlock() ? Outcome::kGoOn : Outcome::kBroken;
    held_ -= static_cast<size_t>(sent);
    if (held_ == 0) g_pipes.push_back(pipe_);
    return Outcome::kGoOn;
  }

  Pipe pipe_;
  size_t held_ = 0;
};

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  return sluice::bench::ProxyMain<sluice::bench::SpliceDirection>(argc, argv);
}
