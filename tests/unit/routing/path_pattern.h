// Path patterns of the tests of routing.
#pragma once

#include <string>
#include <string_view>

#include "sluice/settings/route.h"

namespace sluice::routing::testing {

/// Returns the pattern of `text`. As in the configuration, `/a/**` is a prefix.
inline settings::PathPattern Pattern(std::string_view text) {
  if (text.ends_with("/**")) return {true, std::string(text.substr(0, text.size() - 3))};
  return {false, std::string(text)};
}

}  // namespace sluice::routing::testing
