// Header fields of a head, by name.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/http/request.h"

namespace sluice::http {

/// Returns the number of fields with this name, in any case.
size_t CountFields(const std::vector<Header>& headers, std::string_view name);

/// Returns the value of the first of them; unset if there is none.
std::optional<std::string_view> FindField(const std::vector<Header>& headers,
                                          std::string_view name);

/// Returns the values of all of them, joined by ", " (RFC 9110 section 5.3).
std::string JoinFields(const std::vector<Header>& headers, std::string_view name);

/// Checks Content-Length and Transfer-Encoding, on which two readers of one head must agree
/// (RFC 9112 section 6.3). Returns what is wrong with them, as a noun.
std::optional<std::string_view> CheckContentFields(const std::vector<Header>& headers);

}  // namespace sluice::http
