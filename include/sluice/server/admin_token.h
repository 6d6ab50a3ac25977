// The token that requests to the admin listener need if they change something.
#pragma once

#include <string>
#include <string_view>

#include "sluice/auth/tokens.h"
#include "sluice/base/result.h"
#include "sluice/settings/file_fault.h"

namespace sluice::server {

class AdminToken {
 public:
  /// Loads the token from the `token_file` of `admin`.
  static base::Result<AdminToken, settings::FileFault> Load(const std::string& path);

  /// Returns true if `authorization`, the value of that header, contains the token.
  bool IsIn(std::string_view authorization) const;

 private:
  explicit AdminToken(const auth::Digest& digest) : digest_(digest) {}

  auth::Digest digest_;
};

}  // namespace sluice::server
