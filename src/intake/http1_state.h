// The life of an HTTP/1.1 connection, as a table.
//
//        ┌──────────────── kept alive ────────────────┐
//        ▼                                            │
//   kReadingHead ──► kProcessing ──► kReplying ───────┤
//        └───────────── refused ────────▲             ▼
//   (any state) ── ended, or a session ──► kDone ◄─ kLingering
//
// kReadingHead: a request's head is incomplete; with kept-alive connections, nothing may have come.
// kProcessing:  a request decides on its answer (request.h).
// kReplying:    a response is written.
// kLingering:   it is written and our direction is shut down; what the client still sends is read
//               to its end, so that no reset overtakes the response.
#pragma once

#include <cstdint>
#include <optional>

namespace sluice::intake {

enum class Http1State : uint8_t { kReadingHead, kProcessing, kReplying, kLingering, kDone };

enum class Http1Event : uint8_t {
  kHeadComplete,
  kAnswered,   ///< with a response
  kKeptAlive,  ///< the response is written, and another request may follow
  kReplySent,  ///< the response is written, and the connection ends
  kEnded,      ///< the connection is closed, or a session has its stream
};

/// The state after `event`; unset: the event is not possible in that state.
std::optional<Http1State> Next(Http1State state, Http1Event event);

}  // namespace sluice::intake
