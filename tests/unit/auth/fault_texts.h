// The faults of a file as texts, for tests of what reads the file.
#pragma once

#include <string>
#include <vector>

#include "sluice/settings/file_fault.h"

namespace sluice::auth::testing {

/// `line: message` of each fault, or `message` if it has no line.
inline std::vector<std::string> Texts(const std::vector<settings::FileFault>& faults) {
  std::vector<std::string> texts;
  for (const auto& fault : faults) texts.push_back(fault.ToString());
  return texts;
}

}  // namespace sluice::auth::testing
