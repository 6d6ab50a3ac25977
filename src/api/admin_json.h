// The JSON of the admin listener: all documents that it returns, and the one that it accepts.
//
// Text that comes from files or clients need not be UTF-8: bytes that are not are replaced.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/http/response.h"
#include "sluice/server/reloader.h"
#include "sluice/server/server.h"

#include "api/ticket_api.h"

namespace sluice::api {

/// A response with `document` and the content type of JSON.
http::Response JsonResponse(uint16_t status, std::string document);

/// {"error": why}
std::string ErrorJson(std::string_view why);

/// Routes with their sessions, backends with their servers, and, if there are any, the workers that
/// did not reply.
std::string StatusJson(const server::Status& status);

/// {"result": "reloaded", "warnings": 0}, or "unchanged", or "failed" with the faults; and the
/// workers that do not use the configuration yet, if there are any.
std::string ReloadJson(const server::Reloader::Outcome& outcome);

/// {"expires_in": seconds, "ticket": ...}
std::string TicketJson(const IssuedTicket& ticket);

/// Parses an object whose values are all text. The error is a sentence.
base::Result<std::map<std::string, std::string>, std::string> ParseTextObject(
    std::string_view document);

}  // namespace sluice::api
