#include "sluice/intake/upgrade_check.h"

#include <string>

#include "sluice/auth/origin.h"
#include "sluice/websocket/handshake.h"

namespace sluice::intake {

std::optional<http::Refusal> CheckUpgradeRequest(const http::RequestHead& head,
                                                 const settings::SessionOptions& options,
                                                 bool uses_tls) {
  if (!head.WantsUpgrade()) {
    return http::Refusal{base::Cause::kUpgradeRequired,
                         "this path speaks WebSocket only; send an upgrade (RFC 6455)"};
  }
  const std::string upgrade = head.Joined("Upgrade");
  const std::string connection = head.Joined("Connection");
  const std::string version = head.Joined("Sec-WebSocket-Version");
  const std::string protocol = head.Joined("Sec-WebSocket-Protocol");
  const std::string extensions = head.Joined("Sec-WebSocket-Extensions");
  websocket::UpgradeFields fields;
  fields.upgrade = upgrade;
  fields.connection = connection;
  fields.version = version;
  fields.key = head.Find("Sec-WebSocket-Key").value_or("");
  fields.key_count = head.Count("Sec-WebSocket-Key");
  fields.protocol = protocol;
  fields.extensions = extensions;
  if (auto checked = websocket::CheckUpgrade(fields); !checked) {
    return http::Refusal{checked.error().cause, checked.error().detail};
  }
  if (head.Count("Origin") > 1) {
    return http::Refusal{base::Cause::kBadRequest, "there is more than one Origin header"};
  }
  if (!auth::IsOriginAllowed(head.Find("Origin"), head.host, options.origins,
                             options.require_origin, uses_tls)) {
    return http::Refusal{base::Cause::kOriginNotAllowed,
                         head.Count("Origin") == 0
                             ? "a request without an Origin may not connect here"
                             : "pages of this origin may not connect here"};
  }
  return std::nullopt;
}

std::optional<http::Refusal> CheckPageRequest(const http::RequestHead& head) {
  if (!head.WantsUpgrade()) return std::nullopt;
  return http::Refusal{base::Cause::kNoRoute, "there is a page at this path, not a WebSocket"};
}

}  // namespace sluice::intake
