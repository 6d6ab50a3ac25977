// Dynamic targets: the template of a server that a request names, and the allowed servers.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sluice/settings/route.h"
#include "sluice/settings/target.h"

#include "config/reader.h"
#include "config/values.h"

namespace sluice::config {

/// Returns the names that the patterns of `match` capture, in order.
std::vector<std::string_view> CaptureNames(const settings::Match& match);

/// Parses `{name}:5432`, `{query.address}`, `db-{claim.tenant}.example.com:5432`.
Parsed<settings::Template> ParseTemplate(std::string_view text);

/// Parses `10.1.0.0/16`, `10.1.2.3:5432`, `[fd00::/8]:22`, `*.example.com:5900-5999`, `*`.
Parsed<settings::AllowRule> ParseAllowRule(std::string_view text);

/// The keys of a backend whose server the request names.
struct TargetDraft {
  std::optional<Value> server;
  std::optional<Value> allow;
  std::optional<Value> resolve;
};

/// Reads the keys, among which is `server`. Every capture of the template must be one of `match`.
settings::DynamicTarget ReadTarget(Reader& reader, const TargetDraft& draft,
                                   const settings::Match& match);

}  // namespace sluice::config
