// Close codes (RFC 6455 section 7.4 and the IANA registry).
#pragma once

#include <cstdint>

namespace sluice::websocket {

inline constexpr uint16_t kCloseNormal = 1000;
inline constexpr uint16_t kCloseGoingAway = 1001;
inline constexpr uint16_t kCloseProtocolError = 1002;
inline constexpr uint16_t kClosePolicyViolation = 1008;
inline constexpr uint16_t kCloseInternalError = 1011;
/// Mean "the Close was empty" and "there was no Close" in programming interfaces. Never sent on the
/// wire.
inline constexpr uint16_t kCloseNoStatus = 1005;
inline constexpr uint16_t kCloseAbnormal = 1006;

/// Returns true if a Close frame may contain `code`: 1000-1003, 1007-1014, 3000-4999.
constexpr bool IsCloseCodeOnWire(uint16_t code) {
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
         (code >= 3000 && code <= 4999);
}

/// Returns true if applications define the meaning of `code`: it is registered or private (section
/// 7.4.2).
constexpr bool IsApplicationCloseCode(uint16_t code) {
  return code >= 3000 && code <= 4999;
}

}  // namespace sluice::websocket
