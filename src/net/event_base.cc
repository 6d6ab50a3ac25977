#include "net/event_base.h"

#include <cstdio>
#include <cstdlib>
#include <mutex>

#include <event2/event.h>

namespace sluice::net {
namespace {

// Warnings are about calls that return an error, which the caller reports.
void OnLibeventLog(int severity, const char* message) {
  if (severity >= EVENT_LOG_ERR) std::fprintf(stderr, "libevent: %s\n", message);
}

}  // namespace

void Die(const char* what) {
  std::perror(what);
  std::abort();
}

event_base* NewBase() {
  static std::once_flag log;
  std::call_once(log, [] { event_set_log_callback(OnLibeventLog); });
  event_config* const config = event_config_new();
  if (config == nullptr) Die("event_config_new");
  // One thread uses a base, so it needs no locks. The environment must not choose the backend or
  // its options. EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST stays off: a change would reach the kernel
  // after the descriptor is closed, and the kernel would for ever watch a listening socket that
  // another worker has duplicated.
  event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
  event_config_set_flag(config, EVENT_BASE_FLAG_IGNORE_ENV);
  event_config_require_features(config, EV_FEATURE_O1);
  event_base* const base = event_base_new_with_config(config);
  event_config_free(config);
  if (base == nullptr) Die("event_base_new_with_config");
  return base;
}

}  // namespace sluice::net
