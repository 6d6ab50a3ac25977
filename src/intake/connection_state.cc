#include "sluice/intake/connection_state.h"

#include <array>
#include <cstddef>

namespace sluice::intake {

std::optional<ConnectionState> Next(ConnectionState state, ConnectionEvent event) {
  using enum ConnectionState;
  using Row = std::array<std::optional<ConnectionState>, 4>;
  constexpr std::nullopt_t kNo = std::nullopt;
  // clang-format off
  static constexpr std::array<Row, 5> kTable = {{
  //                    kTlsStarted  kTlsFailed  kProtocolStarted  kEnded
  /* kProxyHeader */ Row{kHandshake,  kNo,        kServing,         kClosed},
  /* kHandshake */   Row{kNo,         kAlerting,  kServing,         kClosed},
  /* kAlerting */    Row{kNo,         kNo,        kNo,              kClosed},
  /* kServing */     Row{kNo,         kNo,        kNo,              kClosed},
  /* kClosed */      Row{kNo,         kNo,        kNo,              kNo},
  }};
  // clang-format on
  return kTable[static_cast<size_t>(state)][static_cast<size_t>(event)];
}

}  // namespace sluice::intake
