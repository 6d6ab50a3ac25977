// The section `auth` of a route or of `defaults`: which clients are authenticated, and how.
#pragma once

#include <vector>

#include "sluice/settings/auth.h"
#include "sluice/settings/route.h"
#include "sluice/settings/session_options.h"

#include "config/reader.h"

namespace sluice::config {

/// Replaces all methods. An empty section is an error, so that it does not open a route by mistake;
/// `none` means no authentication.
void ReadAuth(Reader& reader, const Value& value, settings::SessionOptions& options);

void ReadAuthFailures(Reader& reader, const Value& value, settings::AuthFailures& failures);

/// Checks a route with `backend: {from: token}` after all of it is read: a method must name the
/// server.
void CheckTokenBackend(Reader& reader, const Value& backend, const settings::Route& route);

/// Returns true if any route accepts tickets.
bool UsesTickets(const std::vector<settings::Route>& routes);

void AddAuthMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
