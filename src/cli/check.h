// `sluice check`: reports the errors of configuration files.
#pragma once

#include "cli/command_line.h"

namespace sluice::cli {

/// Prints errors and warnings of the files to stderr, and routes without authentication to stdout;
/// as JSON, everything to stdout. Returns false if there is an error, or with `--strict` a warning.
bool CheckFiles(const Check& command);

}  // namespace sluice::cli
