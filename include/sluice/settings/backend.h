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
  uint32_t weight = 1;      ///< its share of the sessions beside the others
  uint32_t tier = 1;        ///< only used if those of lower numbers are down or full
  size_t max_sessions = 0;  ///< zero: no limit

  bool operator==(const Server&) const = default;
};

/// How the servers of a backend are checked. A check connects as sessions do,
/// with the backend's TLS and PROXY header.
struct HealthCheck {
  Timeout interval{5'000};  ///< from the end of one check to the next, ±10 %
  Timeout timeout{2'000};   ///< for a check as a whole
  unsigned rise = 2;        ///< checks passed in a row that a server is up again after
  unsigned fall = 3;        ///< checks failed in a row that it is down after
  /// Completes a TLS handshake with a backend without `tls`, whose clients use TLS of their own.
  /// The certificate is not verified.
  bool tls = false;
  std::string send = {};                 ///< what is sent to the server; empty: nothing
  std::vector<std::string> expect = {};  ///< what a line of its answer has to begin with, any one
                                         ///< of them; empty: that it can be connected to suffices

  bool operator==(const HealthCheck&) const = default;
};

/// A header that our upgrades have besides those of the handshake. The value may be a secret.
struct UpgradeHeader {
  std::string name;
  std::string value;

  bool operator==(const UpgradeHeader&) const = default;
};

/// The upgrade request to servers that are WebSockets.
struct WebSocketClient {
  std::string subprotocol = {};  ///< what is offered; empty: none
  std::string origin = {};       ///< the Origin header; empty: none, as no page is asking
  std::vector<UpgradeHeader> headers = {};

  bool operator==(const WebSocketClient&) const = default;
};

struct Backend {
  std::string name;             ///< of `backends`, or the server's address for the short form
  std::vector<Server> servers;  ///< one of kDynamic where there is a target
  std::optional<BackendTls> tls = std::nullopt;  ///< unset: plain
  SendProxy proxy_protocol = SendProxy::kOff;    ///< the header that its connections begin with
  WebSocketClient websocket = {};                ///< where its servers are WebSockets: all or none
  std::optional<DynamicTarget> target = std::nullopt;
  bool is_from_token =
      false;  ///< the server, of kDynamic, is the one that the client's token names
  Balance balance = {};
  BackendQueue queue = {};
  Ejection ejection = {};
  Timeout slow_start{0};     ///< until a server that is up again has its complete share
  Timeout connect_retry{0};  ///< how long a request is held while no server can be reached

  /// Whether its servers are those of the file, and not what each request makes of it.
  bool has_fixed_servers() const { return !target && !is_from_token; }
  std::optional<HealthCheck> health_check = std::nullopt;  ///< unset: no checks
};

}  // namespace sluice::settings
