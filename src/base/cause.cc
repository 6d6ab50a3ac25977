#include "sluice/base/cause.h"

#include <array>
#include <cstddef>

namespace sluice::base {
namespace {

constexpr auto kInfo = LogLevel::kInfo;
constexpr auto kWarn = LogLevel::kWarn;

// clang-format off
constexpr std::array kCauses = {
  CauseInfo{Cause::kBadRequest, "bad_request", 400, 0, Fault::kClient, kInfo,
            "the request is not valid HTTP/1.1 or not a valid WebSocket upgrade"},
  CauseInfo{Cause::kUnauthorized, "unauthorized", 401, 0, Fault::kClient, kInfo,
            "the request has no credentials that the route accepts"},
  CauseInfo{Cause::kOriginNotAllowed, "origin_not_allowed", 403, 0, Fault::kClient, kInfo,
            "the route does not allow the page's origin"},
  CauseInfo{Cause::kTargetNotAllowed, "target_not_allowed", 403, 0, Fault::kClient, kInfo,
            "the server that the request asks for is not one that the route allows"},
  CauseInfo{Cause::kNoRoute, "no_route", 404, 0, Fault::kClient, kInfo,
            "no route matches the request"},
  CauseInfo{Cause::kMethodNotAllowed, "method_not_allowed", 405, 0, Fault::kClient, kInfo,
            "the method is neither GET nor HEAD"},
  CauseInfo{Cause::kHandshakeTimeout, "handshake_timeout", 408, 0, Fault::kClient, kInfo,
            "the request head was not complete within timeouts.handshake"},
  CauseInfo{Cause::kUriTooLong, "uri_too_long", 414, 0, Fault::kClient, kInfo,
            "the request target is longer than limits.request_line"},
  CauseInfo{Cause::kHostNotAllowed, "host_not_allowed", 421, 0, Fault::kClient, kInfo,
            "the request's host is not a name that the listener serves"},
  CauseInfo{Cause::kUpgradeRequired, "upgrade_required", 426, 0, Fault::kClient, kInfo,
            "a plain request for a route that speaks WebSocket only"},
  CauseInfo{Cause::kUnsupportedVersion, "unsupported_version", 426, 0, Fault::kClient, kInfo,
            "Sec-WebSocket-Version is not 13"},
  CauseInfo{Cause::kHandshakeRate, "limit_handshake_rate", 429, 0, Fault::kClient, kInfo,
            "the client's address opens connections faster than limits.handshake_rate"},
  CauseInfo{Cause::kTooManyFailures, "too_many_failures", 429, 0, Fault::kClient, kInfo,
            "the client's address has failed to authenticate too often"},
  CauseInfo{Cause::kClientSessions, "limit_client_sessions", 429, 0, Fault::kClient, kInfo,
            "the client's address has limits.sessions_per_client sessions already"},
  CauseInfo{Cause::kUserSessions, "limit_user_sessions", 429, 0, Fault::kClient, kInfo,
            "the user or token has limits.sessions_per_user sessions already"},
  CauseInfo{Cause::kHeaderTooLarge, "header_too_large", 431, 0, Fault::kClient, kInfo,
            "the request head is over limits.header or limits.header_count"},
  CauseInfo{Cause::kAuthUnavailable, "auth_unavailable", 503, 0, Fault::kSluice, kWarn,
            "the credentials cannot be checked now"},
  CauseInfo{Cause::kAllSessions, "limit_sessions", 503, 0, Fault::kSluice, kWarn,
            "there are limits.sessions sessions already"},
  CauseInfo{Cause::kRouteSessions, "limit_route_sessions", 503, 0, Fault::kSluice, kWarn,
            "the route has limits.route_sessions sessions already"},
  CauseInfo{Cause::kMemory, "limit_memory", 503, 1013, Fault::kSluice, kWarn,
            "the queues of all sessions are over limits.memory"},
  CauseInfo{Cause::kHttpVersion, "http_version", 505, 0, Fault::kClient, kInfo,
            "the request is not HTTP/1.1"},
  CauseInfo{Cause::kBackendRefused, "backend_refused", 502, 1014, Fault::kBackend, kWarn,
            "the backend refused the connection"},
  CauseInfo{Cause::kBackendUnreachable, "backend_unreachable", 502, 1014, Fault::kBackend, kWarn,
            "no address of the backend could be reached"},
  CauseInfo{Cause::kBackendUnresolved, "backend_unresolved", 502, 1014, Fault::kBackend, kWarn,
            "the backend's name could not be resolved"},
  CauseInfo{Cause::kBackendConnectTimeout, "backend_connect_timeout", 504, 1014, Fault::kBackend, kWarn,
            "the backend did not accept within timeouts.connect"},
  CauseInfo{Cause::kBackendTls, "backend_tls", 502, 1014, Fault::kBackend, kWarn,
            "the TLS handshake with the backend failed, or its certificate was not accepted"},
  CauseInfo{Cause::kBackendDown, "backend_down", 503, 1014, Fault::kBackend, kWarn,
            "no server of the backend is up"},
  CauseInfo{Cause::kBackendSessions, "limit_backend_sessions", 503, 1013, Fault::kBackend, kWarn,
            "every server of the backend that is up has its max_sessions, and no place was free in time"},
  CauseInfo{Cause::kBackendUpgrade, "backend_upgrade", 502, 1014, Fault::kBackend, kWarn,
            "the backend is a WebSocket and did not agree to the upgrade"},
  CauseInfo{Cause::kLocalResources, "local_resources", 503, 1013, Fault::kSluice, kWarn,
            "sluice had no local port, file descriptor or memory for a connection to the backend"},
  CauseInfo{Cause::kBackendClosed, "backend_closed", 0, 1000, Fault::kNobody, kInfo,
            "the backend ended its connection cleanly"},
  CauseInfo{Cause::kBackendReset, "backend_reset", 0, 1011, Fault::kBackend, kWarn,
            "the backend reset its connection, closed it with an error, or went silent"},
  CauseInfo{Cause::kClientClosed, "client_closed", 0, 0, Fault::kNobody, kInfo,
            "the client sent a Close frame, which is answered with its own code, or its FIN"},
  CauseInfo{Cause::kClientLost, "client_lost", 0, 0, Fault::kClient, kInfo,
            "the client's TCP connection ended without a Close frame, or was reset"},
  CauseInfo{Cause::kProtocolError, "protocol_error", 0, 1002, Fault::kClient, kInfo,
            "the client broke the rules of RFC 6455, of the compression or of the framing"},
  CauseInfo{Cause::kInvalidUtf8, "invalid_utf8", 0, 1007, Fault::kClient, kInfo,
            "text from the client, or the reason of its Close, is not UTF-8"},
  CauseInfo{Cause::kMessageTooBig, "message_too_big", 0, 1009, Fault::kClient, kInfo,
            "a message from the client is over limits.message or what the framing can express"},
  CauseInfo{Cause::kLineEndInMessage, "line_end_in_message", 0, 1008, Fault::kClient, kInfo,
            "a message from the client would have become more than one line"},
  CauseInfo{Cause::kBackendFraming, "backend_framing", 0, 1011, Fault::kBackend, kWarn,
            "the backend's bytes break the route's framing"},
  CauseInfo{Cause::kBackendMessageTooBig, "backend_message_too_big", 0, 1009, Fault::kBackend, kWarn,
            "a message from the backend is over limits.message or the longest line"},
  CauseInfo{Cause::kBackendInvalidUtf8, "backend_invalid_utf8", 0, 1007, Fault::kBackend, kWarn,
            "a text message from the backend is not UTF-8"},
  CauseInfo{Cause::kIdleTimeout, "idle_timeout", 0, 1001, Fault::kNobody, kInfo,
            "no payload went either way for timeouts.idle"},
  CauseInfo{Cause::kMaxAge, "max_age", 0, 1001, Fault::kNobody, kInfo,
            "the session has lasted for timeouts.max_age"},
  CauseInfo{Cause::kTokenExpired, "token_expired", 0, 1008, Fault::kClient, kInfo,
            "the client's token has expired"},
  CauseInfo{Cause::kCertificateExpired, "certificate_expired", 0, 1008, Fault::kClient, kInfo,
            "the certificate of the client, or one of its chain, has expired"},
  CauseInfo{Cause::kRouteRemoved, "route_removed", 0, 1001, Fault::kNobody, kInfo,
            "a reload removed the session's route, which had on_removal: close"},
  CauseInfo{Cause::kPongTimeout, "pong_timeout", 0, 1011, Fault::kClient, kInfo,
            "the client did not answer a ping within keepalive.pong_timeout"},
  CauseInfo{Cause::kDrain, "drain", 503, 1012, Fault::kSluice, kInfo,
            "sluice is draining: it is about to stop or to restart"},
};
// clang-format on

constexpr bool IsInOrder() {
  for (size_t i = 0; i < kCauses.size(); ++i) {
    if (static_cast<size_t>(kCauses[i].cause) != i) return false;
  }
  return kCauses.size() == static_cast<size_t>(Cause::kDrain) + 1;
}
static_assert(IsInOrder(), "one row for each cause, in the order of the enumerators");

}  // namespace

const CauseInfo& InfoOf(Cause cause) {
  return kCauses[static_cast<size_t>(cause)];
}

std::span<const CauseInfo> AllCauses() {
  return kCauses;
}

std::string_view ToString(Fault fault) {
  switch (fault) {
    case Fault::kNobody:
      return "nobody";
    case Fault::kClient:
      return "client";
    case Fault::kBackend:
      return "backend";
    case Fault::kSluice:
      return "sluice";
  }
  return "";
}

}  // namespace sluice::base
