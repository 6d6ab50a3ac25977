// `${NAME}` in the values of the configuration.
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/config/loader.h"

namespace sluice::config {

/// `text` with `${NAME}` replaced by the variable's value, `${NAME:-default}` by the default where
/// the variable is unset or empty, and `$$` by `$`. Nothing is substituted in what was put in. The
/// error says what is wrong with the first bad one.
base::Result<std::string, std::string> Substitute(std::string_view text,
                                                  const Environment& environment);

}  // namespace sluice::config
