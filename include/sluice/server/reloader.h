// Reads the configuration file anew and puts it in use.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/log.h"
#include "sluice/config/loader.h"
#include "sluice/server/server.h"

namespace sluice::server {

/// Belongs to the main thread.
class Reloader {
 public:
  enum class Result : uint8_t {
    kUnchanged,  ///< the file is the one in use
    kReloaded,
    kFailed,  ///< nothing has changed
  };
  struct Outcome {
    Result result;
    std::vector<std::string> faults;  ///< each with its place, if it has one
    size_t warnings = 0;
  };
  using Load = std::function<config::LoadResult()>;

  /// `load` reads `file`, and `text` is what the configuration in use was read from. With `reload:
  /// watch` a change of the file is taken by itself. `server` and `log` outlive this.
  Reloader(Server& server, base::Log& log, const std::string& file, Load load, std::string text);

  /// Checks the file whole before anything changes. What came of it is logged and counted.
  Outcome Reload();

 private:
  Outcome TryReload();

  Server& server_;
  base::Log& log_;
  const Load load_;
  std::string text_;
  const std::shared_ptr<void> watched_;
};

}  // namespace sluice::server
