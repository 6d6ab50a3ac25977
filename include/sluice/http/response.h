// The few responses that sluice writes: a refusal, the 101, and the head of an embedded page's
// response. Pure; each function returns the bytes to send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/http/request.h"

namespace sluice::http {

/// The response to a request that is refused: the status of the cause's row, and one line of
/// text that holds the reason token and the detail. A cause that has no status before the upgrade
/// gives 500.
///
/// With `keeps_alive` the connection goes on after the response (RFC 9112 section 9.3).
std::string RefusalResponse(const Refusal& refusal, Content content = Content::kWhole,
                            bool keeps_alive = false);

/// The 101 of RFC 6455 section 4.2.2. `accept` is the value of Sec-WebSocket-Accept; an empty
/// `subprotocol` or `extensions` means none. All are the handshake's and free of control
/// characters.
std::string SwitchingProtocolsResponse(std::string_view accept, std::string_view subprotocol,
                                       std::string_view extensions);

/// A response of the caller's own making.
struct Response {
  uint16_t status = 200;
  std::vector<Header> headers = {};  ///< besides Content-Length and Connection
  std::string body = {};
};

/// The bytes of `response`, after which the connection is closed.
std::string ResponseText(const Response& response, Content content);

/// A page that is part of the program.
struct Page {
  std::string_view content_type;             ///< with its charset
  size_t size;                               ///< bytes of the body
  std::string_view content_security_policy;  ///< empty: the header is left out
};

/// The head of the 200 that answers a plain GET with `page`. The caller sends the content after it,
/// and closes the connection unless `keeps_alive`.
std::string PageHeader(const Page& page, bool keeps_alive = false);

}  // namespace sluice::http
