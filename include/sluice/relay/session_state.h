// The life of a session's closing handshake (RFC 6455 section 7), as a table.
//
//                 we send a Close
//        kOpen ─────────────────────► kCloseSent
//          │                              │
//          │ the client's Close came,     │ the client's Close came, or it broke
//          │ or it broke the framing,     │ the framing, or it is gone
//          │ or it is gone                │
//          └───────────► kFinishing ◄─────┘
//                            │
//                            │ both legs are closed
//                            ▼
//                         kClosed  ◄── out of time, from any state
//
// kOpen:       both directions relay.
// kCloseSent:  a Close is sent or queued; what the client still sends is relayed until its Close.
// kFinishing:  nothing more is taken in. What is queued is flushed, each leg is shut down behind it
// and
//              read to its end, so that no reset eats the tail.
// Pausing, and the ends of the two directions, are not states: they live in the directions.
#pragma once

#include <cstdint>
#include <optional>

namespace sluice::relay {

enum class SessionState : uint8_t { kOpen, kCloseSent, kFinishing, kClosed };

enum class SessionEvent : uint8_t {
  kCloseBegun,     ///< ours: we decided to close
  kCloseReceived,  ///< the client's Close frame
  kFramingBroken,  ///< the client's bytes can no longer be understood
  kClientGone,     ///< the client's TCP connection has ended
  kLegsClosed,     ///< ours: both legs are done with
  kTimeUp,         ///< ours: a bound was reached, or an end at once was asked for
};

/// The state after `event`. Nothing: the event changes nothing there, as a Close that we would
/// begin when one is under way.
std::optional<SessionState> Next(SessionState state, SessionEvent event);

}  // namespace sluice::relay
