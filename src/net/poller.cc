#include "net/poller.h"

#include <cstdio>
#include <cstdlib>

#include "sluice/net/event_loop.h"
#include "sluice/net/tcp_stream.h"

namespace sluice::net {

Poller::Poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_) return;
  std::perror("epoll_create1");  // Without it a loop is of no use.
  std::abort();
}

bool Poller::Add(int fd, TcpStream& stream) {
  // Once for all time, edge-triggered, so that pausing and resuming cost no system call.
  return Add(fd, EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET, Tag(stream));
}

bool Poller::Add(int fd, uint32_t events, FdWatch& watch) {
  return Add(fd, events, Tag(watch));
}

bool Poller::Add(int fd, uint32_t events, uint64_t tag) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = tag;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void Poller::Remove(int fd, uint64_t tag) {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  for (size_t i = next_; i < count_; ++i) {
    if (batch_[i].data.u64 == tag) batch_[i].data.u64 = 0;
  }
}

void Poller::Wait(bool may_sleep) {
  const int got =
      epoll_wait(epoll_.get(), batch_.data(), static_cast<int>(batch_.size()), may_sleep ? -1 : 0);
  count_ = got > 0 ? static_cast<size_t>(got) : 0;
  for (next_ = 0; next_ < count_;) {
    const epoll_event event = batch_[next_++];
    const uint64_t tag = event.data.u64;
    if (tag == 0) continue;
    if ((tag & kWatchBit) == 0) {
      reinterpret_cast<TcpStream*>(tag)->OnEdge(event.events);
    } else {
      reinterpret_cast<FdWatch*>(tag & ~kWatchBit)->OnReady(event.events);
    }
  }
  count_ = next_ = 0;
}

}  // namespace sluice::net
