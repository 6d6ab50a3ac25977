// The predicted answer to a request, as far as the configuration and its files determine it.
#pragma once

#include <optional>
#include <string>

#include "sluice/http/request.h"

#include "cli/credentials.h"

namespace sluice::cli {

struct Answer {
  bool is_accepted;  ///< as far as is known
  std::string text;  ///< such as "403 origin_not_allowed: ..."
};

/// Returns the answer for a refusal.
Answer AnswerFor(const http::Refusal& refusal);

/// Returns the answer to a request that the methods of a route have not accepted. None of them
/// needs the running gateway.
Answer AnswerForRefused(const Credentials& credentials);

/// Returns the answer of a route that accepts the upgrade, for a request with these credentials.
/// `no_server` is the refusal of the server that the request names, if that is not allowed.
Answer AnswerForCredentials(const Credentials& credentials,
                            const std::optional<http::Refusal>& no_server);

}  // namespace sluice::cli
