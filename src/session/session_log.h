// The log line of a session that has ended.
#pragma once

#include <cstdint>
#include <string_view>

#include "sluice/base/cause.h"
#include "sluice/base/log.h"
#include "sluice/session/ending.h"
#include "sluice/session/peers.h"

namespace sluice::session {

struct EndedSession {
  std::string_view route;
  const Peers& peers;
  uint64_t bytes_to_backend;
  uint64_t bytes_to_client;
  double seconds;
  base::Cause cause;
  const Ending& ending;
};

void LogEnd(base::Log& log, const EndedSession& session);

}  // namespace sluice::session
