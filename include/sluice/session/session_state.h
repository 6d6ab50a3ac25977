// The life of a session's closing handshake (RFC 6455 section 7), as a table.
//
//                 we send a Close
//        kOpen ─────────────────────► kCloseSent
//          │ │                            │
//          │ └─► kAnswering ─┐            │
//          │                 │            │
//          │ the client's    │ answered,  │ the client's Close came, or it broke
//          │ Close came, or  │ or waited  │ the framing, or it is gone
//          │ it broke the    │ for long   │
//          │ framing, or it  │ enough     │
//          │ is gone         ▼            │
//          └───────────► kFinishing ◄─────┘
//                            │
//                            │ both legs are closed
//                            ▼
//                         kClosed  ◄── out of time, from any state
//
// kOpen:       both directions relay, or one does and the other has ended (a half-close).
// kAnswering:  only with a message framing (leg/message_codec.h). The client has said its last,
//              a Close or what breaks the framing; what the backend answers to the messages before
//              still goes out, and the end is told behind it.
// kCloseSent:  a Close is sent or queued; what the client still sends is relayed until its Close.
// kFinishing:  nothing more is taken in. What is queued is flushed, each leg is shut down behind it
// and
//              read to its end, so that no reset eats the tail.
// Pausing, and the ends of the two directions, are not states: they live in the directions. Two
// time limits start when kOpen is left: timeouts.close, which progress restarts, and
// timeouts.close_total, which nothing does. Where the client has no Close frame (plain TCP), its
// FIN is kClientGone, and kCloseBegun sends ours.
#pragma once

#include <cstdint>
#include <optional>

namespace sluice::session {

enum class SessionState : uint8_t { kOpen, kAnswering, kCloseSent, kFinishing, kClosed };

enum class SessionEvent : uint8_t {
  kLastFrame,      ///< the client has said its last, and the backend may still answer
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

}  // namespace sluice::session
