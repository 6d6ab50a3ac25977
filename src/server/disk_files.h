// Reads the files of `auth` and of the admin listener from the disk.
#pragma once

#include "sluice/auth/method.h"
#include "sluice/base/result.h"
#include "sluice/settings/file_fault.h"

namespace sluice::server {

class DiskFiles final : public auth::Files {
 public:
  /// Returns the content of a regular file of up to 16 MiB, without a byte order mark.
  base::Result<std::string, std::string> Read(const std::string& path) const override;
  base::Result<std::vector<std::string>, std::string> List(const std::string& path) const override;
};

/// Returns the first line of a file that contains one secret and nothing else.
base::Result<std::string, settings::FileFault> ReadSecret(const std::string& path);

}  // namespace sluice::server
