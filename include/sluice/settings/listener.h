// Listeners, and the load balancers and proxies in front of them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/ip.h"
#include "sluice/settings/endpoint.h"
#include "sluice/settings/tls.h"

namespace sluice::settings {

/// The peers that are trusted to report a client's address.
struct Sources {
  std::vector<base::IpRange> ranges;
  bool unix_sockets = false;  ///< all peers that connect through a Unix socket

  /// Returns true for a trusted peer. `peer` is nothing for a Unix socket.
  bool Contain(const std::optional<base::IpAddress>& peer) const;
};

/// The PROXY protocol, from load balancers.
struct ProxyProtocol {
  bool is_required = false;
  Sources from;
};

enum class ListenerProtocol : uint8_t {
  kWebSocket,
  kTcp,  ///< plain bytes: no HTTP, no frames
};

/// The mode and the owner of a Unix socket's file: which users may connect.
struct SocketFile {
  std::optional<uint32_t> mode = std::nullopt;  ///< unset: as the umask leaves it
  std::string user = {};                        ///< a name or a number; empty: the process's
  std::string group = {};                       ///< a name or a number; empty: the process's

  bool operator==(const SocketFile&) const = default;
};

struct Listener {
  Endpoint address;  ///< kTcp with a literal IP address, port 0 for any free one; or kUnix
  std::optional<Tls> tls = std::nullopt;                       ///< unset: plain
  std::optional<ProxyProtocol> proxy_protocol = std::nullopt;  ///< unset: no header
  std::string name = {};  ///< in routes; a loaded listener without a name has its address
  ListenerProtocol protocol = ListenerProtocol::kWebSocket;
  /// The names that requests may use, in place of Config::hosts.
  std::optional<std::vector<std::string>> hosts = std::nullopt;
  SocketFile socket_file = {};  ///< only of kUnix
};

enum class ForwardedHeader : uint8_t { kXForwardedFor, kForwarded };

/// HTTP proxies that report the client in a header.
struct TrustedProxies {
  Sources from;
  ForwardedHeader header = ForwardedHeader::kXForwardedFor;
};

}  // namespace sluice::settings
