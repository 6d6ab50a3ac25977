// `sluice check`: what is wrong with configuration files.
#pragma once

#include "cli/command_line.h"

namespace sluice::cli {

/// Prints what is wrong with the files: errors and warnings to stderr, what is open to stdout; as
/// JSON, everything to stdout. Returns false if there is an error, or with `--strict` a warning.
bool CheckFiles(const Check& command);

}  // namespace sluice::cli
