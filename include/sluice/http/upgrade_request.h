// The request by which we ask a service for a WebSocket (RFC 6455 section 4.1). Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/http/request.h"

namespace sluice::http {

/// All are free of control characters, which whoever made them has seen to. An empty text means
/// that the header is left out.
struct UpgradeRequest {
  std::string_view host;    ///< with the port, unless it is the scheme's own
  std::string_view target;  ///< begins with '/'
  std::string_view key;
  std::string_view subprotocol = {};
  std::string_view extensions = {};
  std::string_view origin = {};
  const std::vector<Header>* headers = nullptr;  ///< besides those of the upgrade; null: none
};

/// The bytes to send.
std::string WriteUpgradeRequest(const UpgradeRequest& request);

}  // namespace sluice::http
