// The life of an accepted connection, as a table.
//
//   kProxyHeader ──► kHandshake ──► kServing ──► kClosed
//        │                │  │         ▲            ▲ ▲
//        │                │  └► kAlerting ──────────┘ │
//        └── no TLS, or refused ───────┘              │
//   (any state) ── ended, or became a session ────────┘
//
// kProxyHeader: a load balancer's PROXY header is read, before TLS.
// kHandshake:   TLS. Its client may turn out to speak plain text.
// kAlerting:    the handshake has failed, and the TLS alert is not completely sent.
// kServing:     a protocol reads requests and answers them.
// kClosed:      the connection has ended, or its stream is a session's.
//
// One time limit, timeouts.handshake, bounds everything from the accept to the first request.
#pragma once

#include <cstdint>
#include <optional>

namespace sluice::intake {

enum class ConnectionState : uint8_t { kProxyHeader, kHandshake, kAlerting, kServing, kClosed };

enum class ConnectionEvent : uint8_t {
  kTlsStarted,       ///< the listener has TLS; a PROXY header, if due, has been read
  kTlsFailed,        ///< the handshake has failed
  kProtocolStarted,  ///< requests are read from now on, or a refusal is sent
  kEnded,            ///< the client or sluice ended the connection, or it became a session
};

/// Returns the state after `event`; unset if the event is not possible in that state.
std::optional<ConnectionState> Next(ConnectionState state, ConnectionEvent event);

}  // namespace sluice::intake
