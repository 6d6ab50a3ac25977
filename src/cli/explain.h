// `sluice explain`: the route of a request, and why the other routes do not match.
#pragma once

#include <string>

#include "sluice/base/result.h"
#include "sluice/settings/config.h"

#include "cli/command_line.h"

namespace sluice::cli {

struct Explanation {
  bool is_accepted;  ///< by the route of the request, as far as is known
  std::string text;
};

/// The error says which part of the command line describes no request.
base::Result<Explanation, std::string> ExplainRequest(const settings::Config& config,
                                                      const Explain& command);

}  // namespace sluice::cli
