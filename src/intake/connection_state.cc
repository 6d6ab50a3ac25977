#include "sluice/intake/connection_state.h"

#include <array>
#include <cstddef>

namespace sluice::intake {

std::optional<ConnectionState> Next(ConnectionState state, ConnectionEvent event) {
  using enum ConnectionState;
  using Row = std::array<std::optional<ConnectionState>, 3>;
  constexpr std::nullopt_t kNo = std::nullopt;
  // clang-format off
  static constexpr std::array<Row, 4> kTable = {{
  //                    kTlsStarted  kProtocolStarted  kEnded
  /* kProxyHeader */ Row{kHandshake,  kServing,         kClosed},
  /* kHandshake */   Row{kNo,         kServing,         kClosed},
  /* kServing */     Row{kNo,         kNo,              kClosed},
  /* kClosed */      Row{kNo,         kNo,              kNo},
  }};
  // clang-format on
  return kTable[static_cast<size_t>(state)][static_cast<size_t>(event)];
}

}  // namespace sluice::intake
