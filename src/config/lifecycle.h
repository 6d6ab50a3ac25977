// The settings of the process: reload, log and drain.
#pragma once

#include <vector>

#include "sluice/config/loader.h"
#include "sluice/settings/process.h"
#include "sluice/settings/timeout.h"

#include "config/reader.h"

namespace sluice::config {

void ReadReload(Reader& reader, const Value& value, settings::Reload& reload);

void ReadLog(Reader& reader, const Value& value, settings::LogOptions& log);

/// `timeout` is timeouts.drain; the drain must be over within this time.
void ReadDrain(Reader& reader, const Value& value, settings::Timeout timeout,
               settings::Drain& drain);

void AddLifecycleMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
