// The JSON of the admin listener: all documents that it returns, and the one that it accepts.
//
// Text from files or clients may not be UTF-8: invalid bytes are replaced.
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

/// Returns a response with `document` and the content type of JSON.
http::Response JsonResponse(uint16_t status, std::string document);

/// Returns {"error": why}.
std::string ErrorJson(std::string_view why);

/// Returns the routes with their sessions, the backends with their servers, and the workers that
/// did not reply, if there are any.
std::string StatusJson(const server::Status& status);

/// Returns {"result": "reloaded", "warnings": 0}, or "unchanged", or "failed" with the faults; and
/// the workers that do not use the configuration yet, if there are any.
std::string ReloadJson(const server::Reloader::Outcome& outcome);

/// Returns {"expires_in": seconds, "ticket": ...}.
std::string TicketJson(const IssuedTicket& ticket);

/// Parses an object whose values are all text. The error is a sentence.
base::Result<std::map<std::string, std::string>, std::string> ParseTextObject(
    std::string_view document);

}  // namespace sluice::api
