// OpenSSL's errors as text.
#pragma once

#include <string>

namespace sluice::tls {

/// Returns a short text for the first error in OpenSSL's error queue, and clears the queue, because
/// calls of OpenSSL expect it to be empty.
std::string ConsumeError();

}  // namespace sluice::tls
