// Reads files that another program may replace at any time, for instance by a FIFO.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "sluice/base/result.h"

namespace sluice::base {

enum class FileKinds : uint8_t {
  kRegularOnly,  ///< the read never waits for another program
  kAny,  ///< FIFOs as well (`<(...)` of a shell): the read waits for the program that writes
};

/// Reads the file at `path`, of at most `max_mib` MiB. The error completes a sentence that begins
/// with the name of the file.
Result<std::string, std::string> ReadFile(const std::string& path, size_t max_mib,
                                          FileKinds kinds = FileKinds::kRegularOnly);

}  // namespace sluice::base
