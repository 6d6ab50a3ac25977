// `sluice explain`: which route a request would take, and why not the others.
#pragma once

#include <string>

#include "sluice/base/result.h"
#include "sluice/settings/config.h"

#include "cli/command_line.h"

namespace sluice::cli {

struct Explanation {
  bool is_accepted;  ///< by the route that the request takes, as far as is known
  std::string text;
};

/// The error says what of the command line describes no request.
base::Result<Explanation, std::string> ExplainRequest(const settings::Config& config,
                                                      const Explain& command);

}  // namespace sluice::cli
