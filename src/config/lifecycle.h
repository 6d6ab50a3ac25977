// What the file says of the process: its reload, its log, and its end.
#pragma once

#include <vector>

#include "sluice/config/loader.h"
#include "sluice/config/types.h"

#include "config/reader.h"

namespace sluice::config {

void ReadReload(Reader& reader, const Value& value, Reload& reload);

void ReadLog(Reader& reader, const Value& value, LogOptions& log);

/// `timeout` is timeouts.drain, within which all of it has to be over.
void ReadDrain(Reader& reader, const Value& value, Timeout timeout, Drain& drain);

void AddLifecycleMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
