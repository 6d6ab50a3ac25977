#include "intake/http1_state.h"

#include <array>
#include <cstddef>

namespace sluice::intake {

std::optional<Http1State> Next(Http1State state, Http1Event event) {
  using enum Http1State;
  using Row = std::array<std::optional<Http1State>, 5>;
  constexpr std::nullopt_t kNo = std::nullopt;
  // clang-format off
  static constexpr std::array<Row, 5> kTable = {{
  //                    kHeadComplete  kAnswered  kKeptAlive    kReplySent  kEnded
  /* kReadingHead */ Row{kProcessing,   kReplying, kNo,          kNo,        kDone},
  /* kProcessing */  Row{kNo,           kReplying, kNo,          kNo,        kDone},
  /* kReplying */    Row{kNo,           kNo,       kReadingHead, kLingering, kDone},
  /* kLingering */   Row{kNo,           kNo,       kNo,          kNo,        kDone},
  /* kDone */        Row{kNo,           kNo,       kNo,          kNo,        kNo},
  }};
  // clang-format on
  return kTable[static_cast<size_t>(state)][static_cast<size_t>(event)];
}

}  // namespace sluice::intake
