// The versions of the libraries that the program runs with.
#pragma once

#include <string>

namespace sluice::net {

/// Returns the version of libevent that is loaded, such as "2.1.12-stable".
std::string LibeventVersion();

/// Returns the name and version of OpenSSL that is loaded, such as "OpenSSL 3.0.17 1 Jul 2025".
std::string OpenSslVersion();

}  // namespace sluice::net
