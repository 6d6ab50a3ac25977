// Every cause for which a request is refused or a session ends, and the one table that says what
// each means on the wire, in the metrics and in the log. docs/close-codes.md is checked against it
// by a test.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "sluice/base/log.h"

namespace sluice::base {

enum class Cause : uint8_t {
  // Before the upgrade: answered with an HTTP status.
  kBadRequest,
  kUnauthorized,
  kOriginNotAllowed,
  kTargetNotAllowed,
  kNoRoute,
  kMethodNotAllowed,
  kHandshakeTimeout,
  kUriTooLong,
  kHostNotAllowed,
  kUpgradeRequired,
  kUnsupportedVersion,
  kHandshakeRate,
  kTooManyFailures,
  kClientSessions,
  kUserSessions,
  kHeaderTooLarge,
  kAuthUnavailable,
  kAllSessions,
  kRouteSessions,
  kMemory,
  kHttpVersion,
  // A failed dial: told after the upgrade by a Close, or before it by a status (on_dial_failure).
  kBackendRefused,
  kBackendUnreachable,
  kBackendUnresolved,
  kBackendConnectTimeout,
  kBackendTls,
  kBackendDown,
  kBackendSessions,
  kBackendUpgrade,
  kLocalResources,
  // The end of a session.
  kBackendClosed,
  kBackendReset,
  kClientClosed,
  kClientLost,
  kProtocolError,
  kInvalidUtf8,
  kMessageTooBig,
  kLineEndInMessage,
  kBackendFraming,
  kBackendMessageTooBig,
  kBackendInvalidUtf8,
  kIdleTimeout,
  kMaxAge,
  kTokenExpired,
  kCertificateExpired,
  kRouteRemoved,
  kPongTimeout,
  kDrain,
};

/// Whose doing a cause was, so that a reader of the log knows where to look.
enum class Fault : uint8_t { kNobody, kClient, kBackend, kSluice };

struct CauseInfo {
  Cause cause;
  /// The stable token: the reason of a Close frame, the metric label, the log field.
  std::string_view reason;
  /// Status of the refusal before the upgrade; 0 where the cause cannot arise there.
  uint16_t http_status;
  /// Close code after the upgrade; 0 where sluice does not choose one: nothing is sent, or the
  /// client's own code is echoed.
  uint16_t close_code;
  Fault fault;
  LogLevel level;
  std::string_view description;
};

/// The row of `cause`. Never fails: the table is complete, which a test proves.
const CauseInfo& InfoOf(Cause cause);

/// All rows, in the order of the enumerators.
std::span<const CauseInfo> AllCauses();

inline std::string_view ReasonOf(Cause cause) {
  return InfoOf(cause).reason;
}

std::string_view ToString(Fault fault);

}  // namespace sluice::base
