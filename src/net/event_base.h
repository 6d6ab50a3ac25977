// Creates libevent's event_base for a loop.
#pragma once

struct event_base;

namespace sluice::net {

/// Ends the program with `what` and the text of errno: a loop that cannot get its own memory or
/// descriptors cannot work.
[[noreturn]] void Die(const char* what);

/// Creates the base of one thread's loop.
event_base* NewBase();

}  // namespace sluice::net
