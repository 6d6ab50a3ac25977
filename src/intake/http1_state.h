// The life of an HTTP/1.1 connection, as a table.
//
//        ┌──────────────── kept alive ────────────────┐
//        ▼                                            │
//   kReadingHead ──► kProcessing ──► kReplying ───────┤
//        └───────────── refused ────────▲             ▼
//   (any state) ── ended, or a session ──► kDone ◄─ kLingering
//
// kReadingHead: a request's head is incomplete; or a kept-alive connection waits for a request.
// kProcessing:  a Request decides on the answer (request.h).
// kReplying:    the response is being written.
// kLingering:   the response is written and our direction is shut down. The client's bytes are read
//               and dropped until it closes, so that no reset overtakes the response.
#pragma once

#include <cstdint>
#include <optional>

namespace sluice::intake {

enum class Http1State : uint8_t { kReadingHead, kProcessing, kReplying, kLingering, kDone };

enum class Http1Event : uint8_t {
  kHeadComplete,
  kAnswered,   ///< there is a response to write
  kKeptAlive,  ///< the response is written, and another request may follow
  kReplySent,  ///< the response is written, and the connection ends
  kEnded,      ///< the connection is closed, or a session has its stream
};

/// Returns the state after `event`; unset if the event is not possible in that state.
std::optional<Http1State> Next(Http1State state, Http1Event event);

}  // namespace sluice::intake
