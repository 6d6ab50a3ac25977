// The query of a request target, as forms and URLSearchParams write it. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

/// The values of all `name=value` pairs of that name in `query` (without '?'), in order, decoded:
/// `%XX` is a byte, `+` a space, a broken escape stays as it is. A name without '=' has an empty
/// value.
std::vector<std::string> QueryValues(std::string_view query, std::string_view name);

}  // namespace sluice::http
