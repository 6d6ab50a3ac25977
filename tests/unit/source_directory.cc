#include "source_directory.h"

namespace sluice {

std::string SourceFile(const std::string& file) {
  return std::string(SLUICE_SOURCE_DIR) + "/" + file;
}

}  // namespace sluice
