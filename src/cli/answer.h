// The answer that a request would get, as far as it follows from the configuration and its files.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sluice/auth/identity.h"
#include "sluice/config/types.h"
#include "sluice/http/request.h"

namespace sluice::cli {

struct Answer {
  bool is_accepted;  ///< as far as is known
  std::string text;  ///< such as "403 origin_not_allowed: ..."
};

/// Facts of a request that its head does not have.
struct Connection {
  bool uses_tls = false;
  bool has_claims = false;  ///< the request is said to have a valid token
  /// The refusal of the server that the request names, if it names one that is not allowed.
  std::optional<http::Refusal> no_server = std::nullopt;
};

/// Returns the answer for a refusal.
Answer AnswerFor(const http::Refusal& refusal);

/// Returns the answer of `route`, by the functions that the gateway decides with. Credentials are
/// checked against the files of the configuration; passwords and what is asked of Redis or of the
/// running gateway are named as unknown.
Answer AnswerOfRoute(const config::Config& config, size_t route, const auth::Request& request,
                     const Connection& connection);

}  // namespace sluice::cli
