#include "cli/version.h"

#include "sluice/net/library_versions.h"

namespace sluice::cli {

std::string VersionText() {
  return "sluice " SLUICE_VERSION "\ncommit " + std::string(kCommit) + "\nlibevent " +
         net::LibeventVersion() + '\n' + net::OpenSslVersion();
}

}  // namespace sluice::cli
