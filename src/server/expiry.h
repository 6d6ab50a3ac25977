// Warns about certificates that have expired or expire soon.
#pragma once

#include <ctime>
#include <optional>
#include <string>

#include "sluice/settings/tls.h"
#include "sluice/tls/context.h"

namespace sluice::server {

/// Returns a warning such as "expires in 3 days, on 2026-12-03", without the name of the file;
/// unset if none is due. A certificate expires soon when less than 14 days and less than a third of
/// its lifetime are left, so that short-lived certificates do not cause constant warnings.
std::optional<std::string> DescribeExpiry(const tls::Validity& validity, std::time_t now);

/// Returns that warning for the certificate in a file, at the current time. Unset if the file
/// cannot be read.
std::optional<std::string> ExpiryWarning(const settings::Certificate& files);

}  // namespace sluice::server
