// IP addresses from literals.
#pragma once

#include <string_view>

#include "sluice/base/ip.h"

namespace sluice::base::testing {

/// `text` is a valid address.
inline IpAddress Ip(std::string_view text) {
  return IpAddress::Parse(text).value();
}

}  // namespace sluice::base::testing
