// An address to listen on or to connect to, and its text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice::settings {

/// A place to listen on or to connect to.
struct Endpoint {
  enum class Kind : uint8_t {
    kTcp,      ///< `host` (a name, IPv4 or IPv6 without brackets, `fe80::1%eth0`) and `port`
    kUnix,     ///< `host` is the path of a Unix stream socket
    kBuiltin,  ///< `host` names a service inside sluice; `echo` is the only one
    kDynamic,  ///< `host` is a template: every request makes a server of its own of it
    kSrv,      ///< `host` is the name of SRV records: `_mqtt._tcp.example.com`
    kWs,       ///< as kTcp, and a WebSocket at `target`
    kWss,      ///< the same over TLS
  };
  Kind kind = Kind::kTcp;
  std::string host;
  uint16_t port = 0;
  std::string target = {};  ///< of a WebSocket: its path and its query, which may be a secret

  bool is_websocket() const { return kind == Kind::kWs || kind == Kind::kWss; }

  /// Returns `host` without the zone of a link-local address. A zone means something on this
  /// machine only (RFC 4007 section 6), so nothing that is sent has it.
  std::string_view HostWithoutZone() const;

  /// `host:port` of what has both, without a zone; of a WebSocket without the port if that is its
  /// scheme's own, as the Host header has it.
  std::string Authority() const;

  /// The text as in a configuration, without a query: `10.0.0.5:5900`, `[fe80::1%eth0]:22`,
  /// `unix:/run/app.sock`, `builtin:echo`, `srv:_mqtt._tcp.example.com`,
  /// `wss://chat.example.com/room`.
  std::string ToString() const;
  /// The name that a server's certificate must have unless the configuration sets another. For SRV
  /// it is the queried name, not the name in the answer, since answers can be forged (RFC 6125
  /// section 6.2.1).
  std::string CertificateName() const;
  bool operator==(const Endpoint&) const = default;
};

/// Parses `host:port`, `[v6]:port`, `unix:/path`, `srv:_service._proto.name`, `builtin:echo`, or
/// the URL of a WebSocket: a server to connect to. The error is one sentence that says what was
/// wrong and what was expected. A zone is refused: the text may be a client's, and a client must
/// not choose an interface.
base::Result<Endpoint, std::string> ParseServer(std::string_view text);

/// As ParseServer(), for a server that the configuration or the command line names: a link-local
/// address must have a zone (`[fe80::1%eth0]:22`), since there is no connection without.
base::Result<Endpoint, std::string> ParseConfiguredServer(std::string_view text);

/// Parses an address to listen on: an IP address and a port (0: any free one), or a bare `8080` or
/// `:8080`, which means `[::]:8080` (every address of the machine, IPv4 too). A link-local
/// address must have a zone.
base::Result<Endpoint, std::string> ParseListenAddress(std::string_view text);

}  // namespace sluice::settings
