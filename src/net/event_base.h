// libevent's event_base, as a loop uses it.
#pragma once

struct event_base;

namespace sluice::net {

/// Ends the program with `what` and errno in words: a loop without memory or descriptors of its own
/// cannot work.
[[noreturn]] void Die(const char* what);

/// Creates the base of one thread's loop.
event_base* NewBase();

}  // namespace sluice::net
