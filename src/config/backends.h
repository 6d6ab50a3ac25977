// The section `backends`, and how routes name what is in it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sluice/settings/backend.h"
#include "sluice/settings/route.h"

#include "config/reader.h"

namespace sluice::config {

/// The backends, and how routes name them.
struct BackendTable {
  std::vector<settings::Backend> backends;
  /// Names, and addresses for short forms. Only addresses contain a colon.
  std::map<std::string, size_t, std::less<>> by_name;
  /// The file has a section `backends` that cannot be read, so that any name may be valid.
  bool is_unknown = false;
};

void ReadBackends(Reader& reader, const Value& value, const FileChecks& checks,
                  BackendTable& table);

/// Reads a route's `backend`: a name; or a server, which is added as a backend, once for each
/// address; or a mapping, which is a backend of this route. Returns nothing after reporting other
/// values. The route's name and match have been read.
std::optional<size_t> ReadBackendReference(Reader& reader, const Value& value,
                                           const FileChecks& checks, const settings::Route& route,
                                           BackendTable& table);

void AddBackendMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
