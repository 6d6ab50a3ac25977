// Servers that requests name: fills in a template from the request, and checks that the route
// allows the resulting server. Pure.
//
// This protects against server-side request forgery and DNS rebinding as follows. Only servers that
// the route lists are reachable. The addresses that a name resolves to are checked, not only the
// name, and sluice connects to the address that was checked. Addresses that are not public are
// reachable only through a range within the same special range, never through a name or 0.0.0.0/0.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/ip.h"
#include "sluice/base/result.h"
#include "sluice/routing/router.h"
#include "sluice/settings/endpoint.h"
#include "sluice/settings/target.h"

namespace sluice::routing {

/// The values for the placeholders of a template.
struct TemplateValues {
  const Captures& captures;
  std::string_view query;  ///< of the request target, not decoded
  /// Returns the claim of that name of the client's token. Null without a token.
  std::function<std::optional<std::string>(std::string_view name)> claim = nullptr;
};

/// Returns the text of the filled-in template, before any check. The error is as for ResolveTarget.
base::Result<std::string, std::string> TargetText(const settings::DynamicTarget& target,
                                                  const TemplateValues& values);

/// Returns the server that the request names, if it is a host and a port that `allow` may accept.
/// The error is a detail for the log and the client, without text from the client.
base::Result<settings::Endpoint, std::string> ResolveTarget(const settings::DynamicTarget& target,
                                                            const TemplateValues& values);

/// Returns true if sluice may connect to `server`, a result of ResolveTarget, at `address`.
bool MayConnect(const settings::DynamicTarget& target, const settings::Endpoint& server,
                const base::IpAddress& address);

}  // namespace sluice::routing
