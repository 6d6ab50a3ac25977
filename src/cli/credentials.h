// The verdict of a route's methods of authentication on the credentials of a described request.
// Tokens are verified as in the gateway, by the files that the configuration names.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "sluice/auth/identity.h"
#include "sluice/auth/method_set.h"
#include "sluice/settings/config.h"

namespace sluice::cli {

/// The result of the methods of one route.
struct Credentials {
  bool is_accepted = false;
  /// Of a request whose credentials were verified; null if they were only described as valid.
  std::shared_ptr<const auth::Identity> identity = nullptr;
  std::string unknown;  ///< the credentials that only the running gateway can check
  auth::Verdict refusal = {};
  std::string why_refused;  ///< as in the log
};

class CredentialsCheck {
 public:
  /// Reads the files. `config` outlives it.
  explicit CredentialsCheck(const settings::Config& config);

  /// `has_valid_token`: the request is described as having a token that `jwt` accepts. A route
  /// without methods accepts every request.
  Credentials Check(size_t route, const auth::Attempt& attempt, bool has_valid_token) const;

 private:
  const auth::MethodSet methods_;
};

}  // namespace sluice::cli
