// An address to listen on or to connect to, and its text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice::settings {

/// An address to listen on or to connect to.
struct Endpoint {
  enum class Kind : uint8_t {
    kTcp,      ///< `host` (a name, IPv4 or IPv6 without brackets, `fe80::1%eth0`) and `port`
    kUnix,     ///< `host` is the path of a Unix stream socket
    kBuiltin,  ///< `host` names a service of sluice itself: `echo`
    kDynamic,  ///< `host` is a template: each request names its own server
    kSrv,      ///< `host` is the name of SRV records: `_mqtt._tcp.example.com`
    kWs,       ///< as kTcp, and a WebSocket at `target`
    kWss,      ///< the same over TLS
  };
  Kind kind = Kind::kTcp;
  std::string host;
  uint16_t port = 0;
  std::string target = {};  ///< of a WebSocket: path and query, which may be a secret

  bool is_websocket() const { return kind == Kind::kWs || kind == Kind::kWss; }

  /// Returns `host` without the zone of a link-local address. A zone is valid on this machine only
  /// (RFC 4007 section 6), so it is never sent.
  std::string_view HostWithoutZone() const;

  /// Returns `host:port` of an endpoint that has both, without a zone. For a WebSocket, omits the
  /// default port of its scheme, as in the Host header.
  std::string Authority() const;

  /// Returns the text as in a configuration, without a query: `10.0.0.5:5900`, `[fe80::1%eth0]:22`,
  /// `unix:/run/app.sock`, `builtin:echo`, `srv:_mqtt._tcp.example.com`,
  /// `wss://chat.example.com/room`.
  std::string ToString() const;
  /// Returns the name that a server's certificate must have unless the configuration sets another.
  /// For SRV it is the queried name, not the name in the answer, since answers can be forged (RFC
  /// 6125 section 6.2.1).
  std::string CertificateName() const;
  bool operator==(const Endpoint&) const = default;
};

/// Parses `host:port`, `[v6]:port`, `unix:/path`, `srv:_service._proto.name`, `builtin:echo`, or
/// the URL of a WebSocket: a server to connect to. The error is one sentence with the fault and
/// what was expected. A zone is refused: the text may come from a client, and a client must not
/// choose an interface.
base::Result<Endpoint, std::string> ParseServer(std::string_view text);

/// Does the same as ParseServer(), for a server that the configuration or the command line names: a
/// link-local address must have a zone (`[fe80::1%eth0]:22`), because a connection needs one.
base::Result<Endpoint, std::string> ParseConfiguredServer(std::string_view text);

/// Parses an address to listen on: an IP address and a port (0: any free one), or just `8080` or
/// `:8080`, which means `[::]:8080` (every address of the machine, IPv4 as well). A link-local
/// address must have a zone.
base::Result<Endpoint, std::string> ParseListenAddress(std::string_view text);

}  // namespace sluice::settings
