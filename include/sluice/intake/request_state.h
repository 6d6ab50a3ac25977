// The life of a request, as a table.
//
//   kRouting ──► kAuthenticating ──► kSearching ──► kDone
//      │  │            │                 ▲  │         ▲
//      │  └────────────┼─── admitted ────┘  │         │
//      └───────────────┴────────────────────┴─────────┘
//                    answered, or the client left
//
// kRouting:        the head is complete; the route is chosen. Nothing is waited for.
// kAuthenticating: the credentials are checked; a password's hash and Redis take time.
// kSearching:      a server is looked for and dialled, or a place at one is waited for.
// kDone:           refused, served, or a session.
#pragma once

#include <cstdint>
#include <optional>

namespace sluice::intake {

enum class RequestState : uint8_t { kRouting, kAuthenticating, kSearching, kDone };

enum class RequestEvent : uint8_t {
  kCredentialsNeeded,  ///< the route has `auth`
  kAdmitted,           ///< the request may have a server
  kAnswered,           ///< by a refusal, a page or a session; or the client left
};

/// The state after `event`; unset: the event is not possible in that state.
std::optional<RequestState> Next(RequestState state, RequestEvent event);

}  // namespace sluice::intake
