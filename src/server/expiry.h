// Warns of certificates that have expired or are about to.
#pragma once

#include <ctime>
#include <optional>
#include <string>

#include "sluice/settings/tls.h"
#include "sluice/tls/context.h"

namespace sluice::server {

/// A warning such as "expires in 3 days, on 2026-12-03", without the name of the file. A
/// certificate is about to expire when less than 14 days and less than a third of its time are
/// left, so that short-lived ones do not warn all the time.
std::optional<std::string> DescribeExpiry(const tls::Validity& validity, std::time_t now);

/// The same for the certificate in a file, now. Nothing if the file cannot be read.
std::optional<std::string> ExpiryWarning(const settings::Certificate& files);

}  // namespace sluice::server
