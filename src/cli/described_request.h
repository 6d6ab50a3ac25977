// The request that `sluice explain` describes, and the facts about its connection.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/result.h"
#include "sluice/http/request.h"
#include "sluice/routing/request_facts.h"
#include "sluice/settings/config.h"
#include "sluice/settings/route.h"

#include "cli/command_line.h"

namespace sluice::cli {

struct DescribedRequest {
  http::RequestHead head;
  routing::RequestFacts facts;  ///< refer to `head`; `client` is as reported by trusted proxies
  bool uses_tls = false;        ///< the client itself uses TLS
  std::string client_note;      ///< why `client` may not be as described; empty: it is
  std::vector<settings::NamedValues> claims;  ///< of a token that counts as valid
  std::optional<http::Refusal> refusal;       ///< of the head, before there is a route

  DescribedRequest() = default;
  DescribedRequest(const DescribedRequest&) = delete;
  DescribedRequest& operator=(const DescribedRequest&) = delete;

  /// Returns the values of one of `claims`.
  std::vector<std::string> ValuesOf(std::string_view claim) const;
};

/// Never returns null. The error says which part of the command line describes no request.
base::Result<std::unique_ptr<DescribedRequest>, std::string> DescribeRequest(
    const settings::Config& config, const Explain& command);

}  // namespace sluice::cli
