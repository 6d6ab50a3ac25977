// The copying limit: a TCP proxy that does nothing but read into one large buffer and write it out.
// No gateway that copies can spend less CPU per byte than this.
//
//   copy_proxy LISTEN_PORT BACKEND_PORT      prints {"port": N}; LISTEN_PORT 0 lets the kernel
//   choose
#include <cstddef>
#include <vector>

#include <sys/socket.h>

#include "limits/pair_proxy.h"

namespace sluice::bench {
namespace {

constexpr size_t kBufferSize = size_t{256} * 1024;
char g_buffer[kBufferSize];

class CopyDirection {
 public:
  bool holds_bytes() const { return !kept_.empty(); }

  Outcome Pump(int from, int to) {
    if (holds_bytes()) {
      const ssize_t sent = send(to, kept_.data() + begin_, kept_.size() - begin_, MSG_NOSIGNAL);
      if (sent < 0) return WouldBlock() ? Outcome::kGoOn : Outcome::kBroken;
      begin_ += static_cast<size_t>(sent);
      if (begin_ == kept_.size()) {
        kept_ = {};
        begin_ = 0;
      }
      return Outcome::kGoOn;
    }
    const ssize_t got = recv(from, g_buffer, kBufferSize, 0);
    if (got == 0) return Outcome::kEnd;
    if (got < 0) return WouldBlock() ? Outcome::kGoOn : Outcome::kBroken;
    ssize_t sent = send(to, g_buffer, static_cast<size_t>(got), MSG_NOSIGNAL);
    if (sent < 0) {
      if (!WouldBlock()) return Outcome::kBroken;
      sent = 0;
    }
    if (sent < got) kept_.assign(g_buffer + sent, g_buffer + got);
    return Outcome::kGoOn;
  }

 private:
  std::vector<char> kept_;
  size_t begin_ = 0;  // What is before it has been sent.
};

}  // namespace
}  // namespace sluice::bench

int main(int argc, char** argv) {
  return sluice::bench::ProxyMain<sluice::bench::CopyDirection>(argc, argv);
}
