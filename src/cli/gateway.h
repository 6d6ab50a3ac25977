// Runs the gateway in this process until a signal ends it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "sluice/base/log.h"
#include "sluice/server/reloader.h"
#include "sluice/settings/config.h"

namespace sluice::cli {

/// The file of a configuration, so that it can be reloaded.
struct ConfigSource {
  std::string file;
  std::string text;
  server::Reloader::Load load;
};

/// Called once when all listeners accept, with the port of the first one (0: it has none).
using OnListening = std::function<void(uint16_t port)>;

/// Returns the exit code: 0 after a drain, 1 if the gateway could not start. SIGTERM and SIGINT
/// drain; a second one ends at once. SIGHUP reloads the configuration, if `source` is not null, and
/// the files that it names. SIGUSR2 starts a new process that takes over. Called once, from the
/// main thread, after IgnoreSignals() and HoldSignals(); `on_listening` may be empty.
int RunGateway(settings::Config config, const ConfigSource* source, const OnListening& on_listening,
               base::Log& log);

}  // namespace sluice::cli
