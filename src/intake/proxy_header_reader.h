// The PROXY header before the bytes of a connection, and whether its listener accepts it. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/metrics/worker_metrics.h"
#include "sluice/proxy/header.h"
#include "sluice/proxy/header_parser.h"
#include "sluice/settings/listener.h"

namespace sluice::intake {

struct ProxyHeaderOutcome {
  metrics::ProxyHeader result;
  std::string refusal = {};  ///< why the connection is refused; empty: it continues
  /// The addresses that the header reports; unset if those of the connection are the client's.
  std::optional<proxy::Endpoints> endpoints = std::nullopt;
  /// The bytes after the header. With a refusal, the bytes that the request may begin with.
  std::vector<uint8_t> received = {};
};

/// Belongs to a connection in kProxyHeader.
class ProxyHeaderReader {
 public:
  /// `protocol` outlives the reader. `may_send_header`: the peer is one of `protocol.from`.
  ProxyHeaderReader(const settings::ProxyProtocol& protocol, bool may_send_header)
      : protocol_(protocol), may_send_header_(may_send_header) {}

  /// Parses the next bytes of the connection. Returns the outcome when the header is complete or
  /// refused; then Feed must not be called again.
  std::optional<ProxyHeaderOutcome> Feed(base::Bytes bytes);

 private:
  const settings::ProxyProtocol& protocol_;
  const bool may_send_header_;
  proxy::HeaderParser parser_;
};

}  // namespace sluice::intake
