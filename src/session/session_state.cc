#include "sluice/session/session_state.h"

#include <array>
#include <cstddef>

namespace sluice::session {
namespace {

using enum SessionState;
constexpr std::nullopt_t kNo = std::nullopt;
using Row = std::array<std::optional<SessionState>, 7>;

// clang-format off
constexpr std::array<Row, 5> kTable = {{
  //                  kLastFrame  kCloseBegun kCloseReceived kFramingBroken kClientGone kLegsClosed kTimeUp
  /* kOpen */      Row{kAnswering, kCloseSent, kFinishing,    kFinishing,    kFinishing, kNo,        kClosed},
  /* kAnswering */ Row{kNo,        kCloseSent, kFinishing,    kFinishing,    kFinishing, kNo,        kClosed},
  /* kCloseSent */ Row{kNo,        kNo,        kFinishing,    kFinishing,    kFinishing, kNo,        kClosed},
  /* kFinishing */ Row{kNo,        kNo,        kNo,           kNo,           kNo,        kClosed,    kClosed},
  /* kClosed */    Row{kNo,        kNo,        kNo,           kNo,           kNo,        kNo,        kNo},
}};
// clang-format on

}  // namespace

std::optional<SessionState> Next(SessionState state, SessionEvent event) {
  return kTable[static_cast<size_t>(state)][static_cast<size_t>(event)];
}

}  // namespace sluice::session
