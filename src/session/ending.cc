#include "sluice/session/ending.h"

#include <algorithm>

#include "sluice/websocket/close_code.h"

namespace sluice::session {

uint16_t CloseCodeOf(base::Cause cause, settings::CloseCodes codes) {
  // Without a code of its own, the cause is a clean end of both directions.
  const uint16_t own = base::InfoOf(cause).close_code;
  const uint16_t code = own != 0 ? own : websocket::kCloseNormal;
  return codes == settings::CloseCodes::kWebsockify ? std::min(code, websocket::kCloseInternalError)
                                                    : code;
}

bool IsCleanClose(const leg::PeerClose& close) {
  return close.is_answer || !close.code || *close.code == websocket::kCloseNormal ||
         *close.code == websocket::kCloseGoingAway;
}

std::string DetailOf(const leg::Input& input, const leg::Leg& server) {
  switch (input.status) {
    case leg::Input::Status::kFault:
      return std::string(input.fault.detail);
    case leg::Input::Status::kClose: {
      const leg::PeerClose& close = *server.peer_close();
      return "the server closed with code " + std::to_string(close.code.value_or(0)) +
             (close.reason.empty() ? "" : ": " + close.reason);
    }
    default:
      return std::string(server.failure());
  }
}

}  // namespace sluice::session
