#include "cli/version.h"

#include "sluice/net/library_version.h"
#include "sluice/tls/library_version.h"

namespace sluice::cli {

std::string VersionText() {
  return "sluice " SLUICE_VERSION "\ncommit " + std::string(kCommit) + "\nlibevent " +
         net::LibeventVersion() + '\n' + tls::OpenSslVersion();
}

}  // namespace sluice::cli
