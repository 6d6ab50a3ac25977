// What a server understands of the frames that sluice sends to it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "leg/server_frames.h"
#include "websocket/transcript.h"

namespace sluice::leg::testing {

/// What a server understands of masked frames. `T"text".` and so on.
inline std::string Understood(std::string_view wire) {
  websocket::testing::Recorder recorder;
  recorder.Feed(wire);
  const std::string text = ToString(recorder.transcript());
  return text.substr(0, text.rfind(" ("));
}
/// The same of a Close.
inline std::string UnderstoodClose(uint16_t code, std::string_view reason = {}) {
  return " close\"" + CloseBody(code, reason) + '"';
}

}  // namespace sluice::leg::testing
