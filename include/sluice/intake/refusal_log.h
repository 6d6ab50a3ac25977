// Log lines about requests. The client chooses the host, the path and other fields, so their length
// is bounded. Fields that may contain a token are omitted: the query always, the others depending
// on where routes look for tokens.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/auth/identity.h"
#include "sluice/base/log.h"
#include "sluice/base/log_limit.h"
#include "sluice/http/request.h"
#include "sluice/intake/client.h"
#include "sluice/intake/generation.h"

namespace sluice::intake {

/// The facts about a request that are known so far. They outlive the view.
struct RequestView {
  Generation& generation;
  const Client& client;
  const http::RequestHead* head = nullptr;  ///< null: plain TCP, or the head is incomplete
  std::optional<size_t> route = std::nullopt;
  const auth::Identity* identity = nullptr;          ///< null without authentication
  const settings::Endpoint* named_server = nullptr;  ///< named by the request or its credentials
};

/// Details of a refusal that are logged but not sent to the client.
struct RefusalNote {
  std::string detail = {};  ///< empty: the text that is sent to the client is logged
  std::string user = {};    ///< the user that the refused credentials name
};

struct NotedRefusal {
  http::Refusal refusal;
  RefusalNote note = {};
};

/// Writes the log lines `refused`, with a rate limit for each cause. Belongs to one thread.
class RefusalLog {
 public:
  RefusalLog();

  /// Counts the refusal in the metrics, and logs it.
  void CountAndLog(base::Log& log, const RequestView& request, const http::Refusal& refusal,
                   const RefusalNote& note = {});

 private:
  std::vector<base::LogLimit> limits_;  // By cause.
};

/// Writes the line `session_opened` if the configuration enables it. `server` is the dialled
/// server; null: none.
void LogSessionOpened(base::Log& log, const RequestView& request, const settings::Endpoint* server);

/// Writes the line `client_left`: the client has left before its session began.
void LogClientLeft(base::Log& log, const RequestView& request);

}  // namespace sluice::intake
