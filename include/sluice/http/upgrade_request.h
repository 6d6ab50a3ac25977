// The request that opens a WebSocket to a server (RFC 6455 section 4.1). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/http/request.h"

namespace sluice::http {

/// The caller ensures that the texts contain no control characters. An empty text means that the
/// header is omitted.
struct UpgradeRequest {
  std::string_view host;    ///< with the port, unless it is the scheme's default
  std::string_view target;  ///< begins with '/'
  std::string_view key;
  std::string_view subprotocol = {};
  std::string_view extensions = {};
  std::string_view origin = {};
  const std::vector<Header>* headers =
      nullptr;  ///< in addition to those of the upgrade; null: none
};

/// Returns the bytes to send.
std::string WriteUpgradeRequest(const UpgradeRequest& request);

}  // namespace sluice::http
