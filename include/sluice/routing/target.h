// Servers that requests name: from a template and what the request brings to a server, and whether
// it may be connected to. Pure.
//
// What stands against server-side request forgery and DNS rebinding: nothing is reachable that the
// route does not list; the addresses that a name resolves to are judged, not the name alone, and
// the connection goes to the very address that was judged; addresses that are not public are only
// reachable by a range that lies among their like, never by a name and never by 0.0.0.0/0.
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

/// What a template takes its values from.
struct TemplateValues {
  const Captures& captures;
  std::string_view query;  ///< of the request target, not decoded
  /// The claim of that name of the client's token; null if it has none.
  std::function<std::optional<std::string>(std::string_view name)> claim = nullptr;
};

/// What the request names as its server, as the template makes it and before it is checked. The
/// error is as below.
base::Result<std::string, std::string> TargetText(const settings::DynamicTarget& target,
                                                  const TemplateValues& values);

/// The server that the request names: a host and a port, and one that `allow` may let through. The
/// error is a detail for the log and the client, without what the client sent.
base::Result<settings::Endpoint, std::string> ResolveTarget(const settings::DynamicTarget& target,
                                                            const TemplateValues& values);

/// Whether `server`, of ResolveTarget, may be connected to at `address`.
bool MayConnect(const settings::DynamicTarget& target, const settings::Endpoint& server,
                const base::IpAddress& address);

}  // namespace sluice::routing
