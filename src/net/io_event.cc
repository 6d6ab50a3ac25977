#include "sluice/net/io_event.h"

#include <cerrno>

#include <event2/event.h>
#include <event2/event_struct.h>

namespace sluice::net {

static_assert(IoEvent::kReadable == EV_READ && IoEvent::kWritable == EV_WRITE &&
              IoEvent::kEdge == EV_ET);

IoEvent::IoEvent(event_base* base, int fd, short interest, Callback callback, void* owner) {
  static_assert(sizeof(event) <= kSize && alignof(event) <= alignof(void*));
  event_assign(get(), base, fd, static_cast<short>(interest | EV_PERSIST), callback, owner);
}

bool IoEvent::Start() {
  // libevent would accept a negative descriptor, as for a timer.
  if (event_get_fd(get()) < 0) {
    errno = EBADF;
    return false;
  }
  return event_add(get(), nullptr) == 0;
}

void IoEvent::Stop() {
  event_del(get());
}

void IoEvent::SetInterest(short interest) {
  Stop();
  event_assign(get(), base(), event_get_fd(get()), static_cast<short>(interest | EV_PERSIST),
               event_get_callback(get()), event_get_callback_arg(get()));
}

event_base* IoEvent::base() const {
  return event_get_base(get());
}

}  // namespace sluice::net
