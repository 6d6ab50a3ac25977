// Why and how a session ends.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/cause.h"
#include "sluice/base/clock.h"
#include "sluice/leg/leg.h"
#include "sluice/leg/message_fault.h"
#include "sluice/settings/session_options.h"

namespace sluice::session {

/// Belongs to a session that ends.
struct Ending {
  /// Unset until it is known. The first one, unless a worse one follows (Session::AmendCause).
  std::optional<base::Cause> cause = std::nullopt;
  /// For the log, besides the cause.
  std::string detail = {};
  /// The code of the Close to the client, or from it; 0: an empty Close or none.
  uint16_t close_code = 0;
  /// The code and reason of an application, from the client to the server. Unset: a plain close.
  std::optional<leg::PeerClose> to_server = std::nullopt;

  /// What broke the protocol after the client's last message, for SessionState::kAnswering. Unset:
  /// the client has sent a Close.
  std::optional<leg::MessageFault> client_fault = std::nullopt;
  /// When kAnswering ends at the latest.
  base::TimePoint answers_until = base::TimePoint::max();
  /// When a client that has broken the protocol is closed. Its bytes can no longer be understood.
  base::TimePoint client_ends_at = base::TimePoint::max();
};

/// Returns the code of the Close that reports `cause` to a client.
uint16_t CloseCodeOf(base::Cause cause, settings::CloseCodes codes);

/// Returns true if a server that closes with `close` ends the session cleanly.
bool IsCleanClose(const leg::PeerClose& close);

/// Returns what was wrong with the input of a server, for the log.
std::string DetailOf(const leg::Input& input, const leg::Leg& server);

}  // namespace sluice::session
