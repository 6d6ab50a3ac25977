// The version of libevent that the program runs with.
#pragma once

#include <string>

namespace sluice::net {

/// Returns the version of libevent that is loaded, such as "2.1.12-stable".
std::string LibeventVersion();

}  // namespace sluice::net
