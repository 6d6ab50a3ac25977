#include "net/stream_poller.h"

#include <cerrno>
#include <cstdio>
#include <cstdlib>

#include <event2/event.h>

#include "sluice/net/tcp_stream.h"

namespace sluice::net {

StreamPoller::StreamPoller(event_base* base) : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (epoll_) {
    event_.reset(event_new(
        base, epoll_.get(), EV_READ | EV_PERSIST,
        [](evutil_socket_t, short, void* self) { static_cast<StreamPoller*>(self)->Dispatch(); },
        this));
  }
  if (!event_ || event_add(event_.get(), nullptr) != 0) {
    std::perror("epoll_create1");  // Without it a loop is of no use.
    std::abort();
  }
}

bool StreamPoller::Add(int fd, TcpStream& stream) {
  // Once for all time, edge-triggered, so that pausing and resuming cost no system call.
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLPRI | EPOLLET;
  event.data.ptr = &stream;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void StreamPoller::Forget(const TcpStream& stream) {
  for (size_t i = next_; i < count_; ++i) {
    if (batch_[i].data.ptr == &stream) batch_[i].data.ptr = nullptr;
  }
}

void StreamPoller::Dispatch() {
  const int got = epoll_wait(epoll_.get(), batch_.data(), static_cast<int>(batch_.size()), 0);
  count_ = got > 0 ? static_cast<size_t>(got) : 0;
  for (next_ = 0; next_ < count_;) {
    const epoll_event event = batch_[next_++];
    if (event.data.ptr != nullptr) static_cast<TcpStream*>(event.data.ptr)->OnEdge(event.events);
  }
  count_ = next_ = 0;
}

}  // namespace sluice::net
