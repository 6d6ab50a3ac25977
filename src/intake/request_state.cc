#include "sluice/intake/request_state.h"

#include <array>
#include <cstddef>

namespace sluice::intake {

std::optional<RequestState> Next(RequestState state, RequestEvent event) {
  using enum RequestState;
  using Row = std::array<std::optional<RequestState>, 3>;
  constexpr std::nullopt_t kNo = std::nullopt;
  // clang-format off
  static constexpr std::array<Row, 4> kTable = {{
  //                       kCredentialsNeeded  kAdmitted   kAnswered
  /* kRouting */        Row{kAuthenticating,    kSearching, kDone},
  /* kAuthenticating */ Row{kNo,                kSearching, kDone},
  /* kSearching */      Row{kNo,                kNo,        kDone},
  /* kDone */           Row{kNo,                kNo,        kNo},
  }};
  // clang-format on
  return kTable[static_cast<size_t>(state)][static_cast<size_t>(event)];
}

}  // namespace sluice::intake
