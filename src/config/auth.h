// The section `auth` of a route or of `defaults`: who may come in.
#pragma once

#include <vector>

#include "sluice/settings/auth.h"
#include "sluice/settings/route.h"
#include "sluice/settings/session_options.h"

#include "config/reader.h"

namespace sluice::config {

/// Replaces the methods as a whole. An empty section is an error, never an open door; the word
/// `none` opens it.
void ReadAuth(Reader& reader, const Value& value, settings::SessionOptions& options);

void ReadAuthFailures(Reader& reader, const Value& value, settings::AuthFailures& failures);

/// What can be told of a route with `backend: {from: token}` only when all of it is read: whether
/// somebody names the server.
void CheckTokenBackend(Reader& reader, const Value& backend, const settings::Route& route);

/// Whether any route takes tickets.
bool UsesTickets(const std::vector<settings::Route>& routes);

void AddAuthMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
