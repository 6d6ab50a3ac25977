// The life of a request, as a table.
//
//   kRouting ──► kAuthenticating ──► kSearching ──► kDone
//      │  │            │                 ▲  │         ▲
//      │  └────────────┼─── admitted ────┘  │         │
//      └───────────────┴────────────────────┴─────────┘
//                    answered, or the client left
//
// kRouting:        the head is complete; the route is chosen. This state never waits.
// kAuthenticating: the credentials are checked; a password's hash and Redis take time.
// kSearching:      a server is chosen and dialled, or the request waits for a place at a server.
// kDone:           the request was refused, served a page, or became a session.
#pragma once

#include <cstdint>
#include <optional>

namespace sluice::intake {

enum class RequestState : uint8_t { kRouting, kAuthenticating, kSearching, kDone };

enum class RequestEvent : uint8_t {
  kCredentialsNeeded,  ///< the route has `auth`
  kAdmitted,           ///< the request is allowed to use a server
  kAnswered,           ///< by a refusal, a page or a session; or the client left
};

/// Returns the state after `event`; unset if the event is not possible in that state.
std::optional<RequestState> Next(RequestState state, RequestEvent event);

}  // namespace sluice::intake
