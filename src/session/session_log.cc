#include "session/session_log.h"

#include <string>
#include <vector>

#include "sluice/base/text.h"

namespace sluice::session {

void LogEnd(base::Log& log, const EndedSession& session) {
  const auto& [route, peers, bytes_to_backend, bytes_to_client, seconds, cause, ending] = session;
  const base::CauseInfo& info = base::InfoOf(cause);
  const std::string id = peers.id.ToString();
  const std::string client = peers.client.ToString();
  const std::string server = peers.server ? peers.server->ToString() : "";
  const std::string user = peers.identity ? base::Excerpt(peers.identity->user) : "";
  std::vector<base::LogField> fields = {{"connection", id},
                                        {"route", route},
                                        {"client", client},
                                        {"server", server},
                                        {"bytes_to_backend", bytes_to_backend},
                                        {"bytes_to_client", bytes_to_client},
                                        {"duration_seconds", seconds},
                                        {"reason", info.reason},
                                        {"fault", base::ToString(info.fault)}};
  if (peers.identity) {
    fields.emplace_back("auth", peers.identity->method);
    if (!user.empty()) fields.emplace_back("user", user);
  }
  if (ending.close_code != 0) fields.emplace_back("code", ending.close_code);
  if (!ending.detail.empty()) fields.emplace_back("detail", ending.detail);
  log.Write(info.level, "session", fields);
}

}  // namespace sluice::session
