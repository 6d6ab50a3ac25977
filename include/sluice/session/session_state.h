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
//              After the end of a backend, a client of plain TCP whose service is no WebSocket with
//              half-close is in kCloseSent.
// kAnswering:  only with a message framing (leg/message_codec.h). The client has sent its last
//              frame: a Close, or a frame that breaks the framing. The backend's answers to the
//              messages before it are still sent, and the Close follows them. With a broken framing
//              our Close is sent first (kCloseSent), and kFinishing follows at once.
// kCloseSent:  a Close is sent or queued. The client's payload is relayed until its Close.
// kFinishing:  no payload is relayed any more. What is queued is sent; then each leg is shut down
//              and read to its end, so that no reset destroys the last bytes.
// Pauses and the ends of the two directions are not states of the session: they are in the
// directions. Two time limits start when kOpen is left: timeouts.close, which progress restarts,
// and timeouts.close_total, which nothing restarts. A client of plain TCP has no Close frame: its
// FIN is kClientGone, and kCloseBegun sends ours.
#pragma once

#include <cstdint>
#include <optional>

namespace sluice::session {

enum class SessionState : uint8_t { kOpen, kAnswering, kCloseSent, kFinishing, kClosed };

enum class SessionEvent : uint8_t {
  kLastFrame,      ///< the client's last frame has come, and the backend may still answer
  kCloseBegun,     ///< ours: we decided to close
  kCloseReceived,  ///< the client's Close frame
  kFramingBroken,  ///< the client's bytes can no longer be understood
  kClientGone,     ///< the client's TCP connection has ended
  kLegsClosed,     ///< ours: both legs are closed
  kTimeUp,         ///< ours: a bound was reached, or an end at once was asked for
};

/// Returns the state after `event`, or nothing if the event changes nothing there: a Close of ours
/// while one is under way, for instance.
std::optional<SessionState> Next(SessionState state, SessionEvent event);

}  // namespace sluice::session
