// The request that `sluice explain` was asked about, and what sluice would know of its connection.
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
  routing::RequestFacts facts;  ///< refer to `head`; `client` is as trusted proxies report it
  bool uses_tls = false;        ///< the client is known to
  std::string client_note;      ///< why `client` is not as described, or might be; empty: it is
  std::vector<settings::NamedValues> claims;  ///< of a token that is taken to be valid
  std::optional<http::Refusal> refusal;       ///< of the head, before there is a route

  DescribedRequest() = default;
  DescribedRequest(const DescribedRequest&) = delete;
  DescribedRequest& operator=(const DescribedRequest&) = delete;

  /// Returns the values of one of `claims`.
  std::vector<std::string> ValuesOf(std::string_view claim) const;
};

/// Never null. The error says what of the command line describes no request.
base::Result<std::unique_ptr<DescribedRequest>, std::string> DescribeRequest(
    const settings::Config& config, const Explain& command);

}  // namespace sluice::cli
