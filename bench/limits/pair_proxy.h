// What the two yardsticks share: a TCP proxy with one thread and one level-triggered epoll loop
// that joins every accepted connection to a new one to the backend. How bytes move is the
// Direction's:
//
//   Outcome Pump(int from, int to)   one read and one write, or, if something was kept, one write
//   bool holds_bytes() const         something was read that the far socket has not taken
#pragma once

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sluice::bench {

enum class Outcome { kGoOn, kEnd, kBroken };

[[noreturn]] inline void Die(const char* what) {
  std::perror(what);
  std::exit(1);
}

/// As many descriptors as the hard limit allows, or, with the right to raise that one, enough for
/// all.
inline void RaiseFileLimit() {
  rlimit limit{.rlim_cur = 1 << 20, .rlim_max = 1 << 20};
  if (setrlimit(RLIMIT_NOFILE, &limit) == 0) return;
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

inline bool WouldBlock() {
  return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
}

template <typename Direction>
class PairProxy {
 public:
  PairProxy(uint16_t listen_port, uint16_t backend_port) : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
    RaiseFileLimit();
    std::signal(SIGPIPE, SIG_IGN);  // splice() has no MSG_NOSIGNAL.

    backend_ = Loopback(backend_port);
    listener_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    SetOption(listener_, SOL_SOCKET, SO_REUSEADDR);
    sockaddr_in address = Loopback(listen_port);
    socklen_t size = sizeof(address);
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    if (bind(listener_, generic, size) != 0 || listen(listener_, kBacklog) != 0 ||
        getsockname(listener_, generic, &size) != 0) {
      Die("listen");
    }
    Watch(listener_, EPOLL_CTL_ADD, EPOLLIN, nullptr);
    std::printf("{\"port\": %d}\n", ntohs(address.sin_port));
    std::fflush(stdout);
  }

  [[noreturn]] void Run() {
    std::array<epoll_event, kEventsPerTurn> events;
    for (;;) {
      const int count = epoll_wait(epoll_, events.data(), kEventsPerTurn, -1);
      for (int i = 0; i < count; ++i) {
        const epoll_event& event = events[static_cast<size_t>(i)];
        if (event.data.ptr == nullptr) {
          Accept();
        } else {
          OnEvent(*static_cast<End*>(event.data.ptr), event.events);
        }
      }
      // Not earlier, for an event of the other end may have followed in the same turn.
      closed_.clear();
    }
  }

 private:
  static constexpr int kBacklog = 4096;
  static constexpr int kEventsPerTurn = 256;
  static constexpr int kAcceptsPerTurn = 64;

  struct Pair;

  /// A socket, and the direction of what is read from it.
  struct End {
    Pair* pair;
    int fd;
    uint32_t interest = 0;
    Direction direction;
    bool read_ended = false;
    bool shut_down = false;  // The far socket has been told that this one ended.
  };

  struct Pair {
    End client;
    End backend;
    bool connected = false;
    bool closed = false;
  };

  static sockaddr_in Loopback(uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
  }

  static void SetOption(int fd, int level, int name) {
    const int on = 1;
    setsockopt(fd, level, name, &on, sizeof(on));
  }

  void Watch(int fd, int operation, uint32_t events, void* what) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = what;
    if (epoll_ctl(epoll_, operation, fd, &event) != 0) Die("epoll_ctl");
  }

  void SetInterest(End& end, uint32_t events) {
    if (end.interest == events) return;
    end.interest = events;
    Watch(end.fd, EPOLL_CTL_MOD, events, &end);
  }

  void Accept() {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
      const int client = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (client < 0) return;
      const int backend = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      if (backend < 0) Die("socket");
      SetOption(client, IPPROTO_TCP, TCP_NODELAY);
      SetOption(backend, IPPROTO_TCP, TCP_NODELAY);
      if (connect(backend, reinterpret_cast<sockaddr*>(&backend_), sizeof(backend_)) != 0 &&
          errno != EINPROGRESS) {
        close(client);
        close(backend);
        continue;
      }
      auto* pair = new Pair{.client = {.pair = nullptr, .fd = client, .direction = {}},
                            .backend = {.pair = nullptr, .fd = backend, .direction = {}}};
      pair->client.pair = pair->backend.pair = pair;
      pair->backend.interest = EPOLLOUT;
      Watch(client, EPOLL_CTL_ADD, 0, &pair->client);
      Watch(backend, EPOLL_CTL_ADD, EPOLLOUT, &pair->backend);
    }
  }

  void OnEvent(End& end, uint32_t events) {
    Pair& pair = *end.pair;
    if (pair.closed) return;
    End& far = &end == &pair.client ? pair.backend : pair.client;
    if (!pair.connected) {
      if (&end == &pair.client || (events & (EPOLLERR | EPOLLHUP)) != 0) return Close(pair);
      pair.connected = true;
    }
    if ((events & EPOLLERR) != 0) return Close(pair);
    if ((events & EPOLLOUT) != 0 && far.direction.holds_bytes()) {
      if (!Pump(far, end)) return Close(pair);
    }
    if ((events & (EPOLLIN | EPOLLHUP)) != 0 && !end.read_ended && !end.direction.holds_bytes()) {
      if (!Pump(end, far)) return Close(pair);
    }
    if (end.shut_down && far.shut_down) return Close(pair);
    SetInterest(end, Wanted(end, far));
    SetInterest(far, Wanted(far, end));
  }

  static uint32_t Wanted(const End& end, const End& far) {
    const uint32_t events = (!end.read_ended && !end.direction.holds_bytes() ? EPOLLIN : 0u) |
                            (far.direction.holds_bytes() ? EPOLLOUT : 0u);
    // A hang-up is reported whether wanted or not; with an edge, once only.
    return events != 0 ? events : static_cast<uint32_t>(EPOLLET);
  }

  static bool Pump(End& from, End& to) {
    const Outcome outcome = from.direction.Pump(from.fd, to.fd);
    if (outcome == Outcome::kBroken) return false;
    if (outcome == Outcome::kEnd) from.read_ended = true;
    if (from.read_ended && !from.direction.holds_bytes() && !from.shut_down) {
      from.shut_down = true;
      shutdown(to.fd, SHUT_WR);
    }
    return true;
  }

  void Close(Pair& pair) {
    pair.closed = true;
    close(pair.client.fd);
    close(pair.backend.fd);
    closed_.emplace_back(&pair);
  }

  int epoll_;
  int listener_ = -1;
  sockaddr_in backend_{};
  std::vector<std::unique_ptr<Pair>> closed_;
};

template <typename Direction>
int ProxyMain(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s LISTEN_PORT BACKEND_PORT\n", argv[0]);
    return 2;
  }
  PairProxy<Direction> proxy(static_cast<uint16_t>(std::atoi(argv[1])),
                             static_cast<uint16_t>(std::atoi(argv[2])));
  proxy.Run();
}

}  // namespace sluice::bench
