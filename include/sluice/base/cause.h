// Every cause of a refused request or of the end of a session, and the one table with its status,
// close code, metric label and log level. A test compares docs/close-codes.md with the table.
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
  // A failed dial: reported by a Close after the upgrade, or by a status before it
  // (on_dial_failure).
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

/// The side that has caused the end, so that a reader of the log knows where to look.
enum class Fault : uint8_t { kNobody, kClient, kBackend, kSluice };

struct CauseInfo {
  Cause cause;
  /// The stable token: the reason of a Close frame, the metric label, the log field.
  std::string_view reason;
  /// Status of the refusal before the upgrade; 0 if the cause only arises later.
  uint16_t http_status;
  /// Close code after the upgrade; 0 if sluice does not choose one: it sends nothing, or echoes the
  /// client's code.
  uint16_t close_code;
  Fault fault;
  LogLevel level;
  std::string_view description;
};

/// Returns the row of `cause`. A test proves that the table is complete.
const CauseInfo& InfoOf(Cause cause);

/// Returns all rows, in the order of the enumerators.
std::span<const CauseInfo> AllCauses();

inline std::string_view ReasonOf(Cause cause) {
  return InfoOf(cause).reason;
}

std::string_view ToString(Fault fault);

}  // namespace sluice::base
