// The responses that sluice writes: a refusal, the 101, and the head of the response with an
// embedded page. Pure; each function returns the bytes to send.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/http/request.h"

namespace sluice::http {

/// Returns the response to a refused request: the status of the cause, and one line of text with
/// the reason token and the detail. A cause without a status gets 500.
///
/// With `keeps_alive` the connection is kept alive after the response (RFC 9112 section 9.3).
std::string RefusalResponse(const Refusal& refusal, Content content = Content::kWhole,
                            bool keeps_alive = false);

/// Returns the 101 of RFC 6455 section 4.2.2. `accept` is the value of Sec-WebSocket-Accept; an
/// empty `subprotocol` or `extensions` means none. The arguments contain no control characters.
std::string SwitchingProtocolsResponse(std::string_view accept, std::string_view subprotocol,
                                       std::string_view extensions);

/// A response of the caller.
struct Response {
  uint16_t status = 200;
  std::vector<Header> headers = {};  ///< in addition to Content-Length and Connection
  std::string body = {};
};

/// Returns the bytes of `response`, after which the connection is closed.
std::string ResponseText(const Response& response, Content content);

/// A page that is part of the program.
struct Page {
  std::string_view content_type;             ///< with the charset
  size_t size;                               ///< bytes of the body
  std::string_view content_security_policy;  ///< empty: no such header
};

/// Returns the head of the 200 that answers a GET with `page`. The caller sends the content after
/// it, and closes the connection unless `keeps_alive`.
std::string PageHeader(const Page& page, bool keeps_alive = false);

}  // namespace sluice::http
