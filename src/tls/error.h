// OpenSSL's errors in words.
#pragma once

#include <string>

namespace sluice::tls {

/// What went wrong first in the calls of OpenSSL since its queue of errors was empty, in a few
/// words. Leaves the queue empty, as everyone who calls OpenSSL expects to find it.
std::string TakeError();

}  // namespace sluice::tls
