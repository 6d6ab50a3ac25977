// What the log says of a request. Its client chooses the host, the path and more, so each of these
// is bounded, and what may hold a token is left out: a query always, the rest depending on where
// routes look for tokens.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sluice/auth/identity.h"
#include "sluice/base/log.h"
#include "sluice/base/log_limit.h"
#include "sluice/http/request.h"
#include "sluice/intake/client.h"
#include "sluice/intake/generation.h"

namespace sluice::intake {

/// What is known of a request by now. All of it outlives the view.
struct RequestView {
  Generation& generation;
  const Client& client;
  const http::RequestHead* head = nullptr;  ///< null: plain TCP, or the head is incomplete
  std::optional<size_t> route = std::nullopt;
  const auth::Identity* identity = nullptr;          ///< null without authentication
  const settings::Endpoint* named_server = nullptr;  ///< by the request or its credentials
};

/// What the log alone says of a refusal.
struct RefusalNote {
  std::string_view detail = {};  ///< empty: the log has the text that the client gets
  std::string_view user = {};    ///< that refused credentials name
};

/// Writes the lines `refused`, within a limit for each cause. Belongs to one thread.
class RefusalLog {
 public:
  RefusalLog();

  /// Counts the refusal in the metrics, and logs it.
  void CountAndLog(base::Log& log, const RequestView& request, const http::Refusal& refusal,
                   const RefusalNote& note = {});

 private:
  std::vector<base::LogLimit> limits_;  // By cause.
};

/// Writes the line `session_opened` if the configuration asks for it. `server` is the one that was
/// dialled; null: none.
void LogSessionOpened(base::Log& log, const RequestView& request, const settings::Endpoint* server);

/// Writes the line `client_left`: the client has gone before its session began.
void LogClientLeft(base::Log& log, const RequestView& request);

}  // namespace sluice::intake
