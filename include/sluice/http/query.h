// The query of a request target, in the form of HTML forms and URLSearchParams. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace sluice::http {

/// Returns the values of all `name=value` pairs of that name in `query` (without '?'), in order,
/// decoded: `%XX` is a byte, `+` a space, an invalid escape is kept. A name without '=' has an
/// empty value.
std::vector<std::string> QueryValues(std::string_view query, std::string_view name);

}  // namespace sluice::http
