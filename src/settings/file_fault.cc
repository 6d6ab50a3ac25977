#include "sluice/settings/file_fault.h"

#include "sluice/settings/quote.h"

namespace sluice::settings {

std::string FileFault::ToString() const {
  const std::string after = line == 0 ? message : std::to_string(line) + ": " + message;
  if (path.empty()) return line == 0 ? after : "line " + after;
  return line == 0 ? Quote(path) + ' ' + after : path + ':' + after;
}

}  // namespace sluice::settings
