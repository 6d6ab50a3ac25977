// `${NAME}` in the values of the configuration.
#pragma once

#include <string>
#include <string_view>

#include "sluice/base/result.h"
#include "sluice/config/loader.h"

namespace sluice::config {

/// Returns `text` with `${NAME}` replaced by the variable's value, `${NAME:-default}` by the
/// default if the variable is unset or empty, and `$$` by `$`. Values are not substituted again.
/// The error describes the first fault.
base::Result<std::string, std::string> Substitute(std::string_view text,
                                                  const Environment& environment);

}  // namespace sluice::config
