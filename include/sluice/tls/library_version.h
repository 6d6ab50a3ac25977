// The version of OpenSSL that the program runs with.
#pragma once

#include <string>

namespace sluice::tls {

/// Returns the name and version of OpenSSL that is loaded, such as "OpenSSL 3.0.17 1 Jul 2025".
std::string OpenSslVersion();

}  // namespace sluice::tls
