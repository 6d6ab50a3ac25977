// Backends: their servers and how sluice connects to them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/settings/balance.h"
#include "sluice/settings/endpoint.h"
#include "sluice/settings/target.h"
#include "sluice/settings/timeout.h"
#include "sluice/settings/tls.h"

namespace sluice::settings {

enum class SendProxy : uint8_t { kOff, kV1, kV2 };

/// One of the servers of a backend.
struct Server {
  Endpoint address;
  uint32_t weight = 1;      ///< its share of the sessions, relative to the other servers'
  uint32_t tier = 1;        ///< used only if all servers of lower tiers are down or full
  size_t max_sessions = 0;  ///< zero: no limit

  bool operator==(const Server&) const = default;
};

/// How the servers of a backend are checked. A check connects as sessions do,
/// with the backend's TLS and PROXY header.
struct HealthCheck {
  Timeout interval{5'000};  ///< from the end of one check to the next, ±10 %
  Timeout timeout{2'000};   ///< for a complete check
  unsigned rise = 2;        ///< after so many passed checks in a row a server is up
  unsigned fall = 3;        ///< after so many failed checks in a row it is down
  /// Completes a TLS handshake with a backend without `tls`, whose clients use TLS of their own.
  /// The certificate is not verified.
  bool tls = false;
  std::string send = {};                 ///< bytes that are sent to the server; empty: none
  std::vector<std::string> expect = {};  ///< beginnings of a line, one of which the answer must
                                         ///< have; empty: a connection is enough

  bool operator==(const HealthCheck&) const = default;
};

/// An additional header of the upgrades that sluice sends. The value may be a secret.
struct UpgradeHeader {
  std::string name;
  std::string value;

  bool operator==(const UpgradeHeader&) const = default;
};

/// The upgrade request to servers that are WebSockets.
struct WebSocketClient {
  std::string subprotocol = {};  ///< offered to the server; empty: none
  std::string origin = {};       ///< the Origin header; empty: none
  std::vector<UpgradeHeader> headers = {};

  bool operator==(const WebSocketClient&) const = default;
};

struct Backend {
  std::string name;             ///< in `backends`, or the server's address for the short form
  std::vector<Server> servers;  ///< with a target: one of kDynamic
  std::optional<BackendTls> tls = std::nullopt;  ///< unset: plain
  SendProxy proxy_protocol = SendProxy::kOff;    ///< sent at the beginning of its connections
  WebSocketClient websocket = {};                ///< if its servers are WebSockets: all or none
  std::optional<DynamicTarget> target = std::nullopt;
  bool is_from_token = false;  ///< the client's token names the server, which is of kDynamic
  Balance balance = {};
  BackendQueue queue = {};
  Ejection ejection = {};
  Timeout slow_start{0};     ///< until a server that is up again has its complete share
  Timeout connect_retry{0};  ///< how long a request waits while no server can be reached

  /// Returns true if the file has the servers, and requests do not name them.
  bool has_fixed_servers() const { return !target && !is_from_token; }
  std::optional<HealthCheck> health_check = std::nullopt;  ///< unset: no checks
};

}  // namespace sluice::settings
