// Reloads the configuration file and applies it.
//
// One reload runs at a time. A request that arrives while a configuration is being applied is
// answered by the next reload, which loads the file again.
//
//   event                    | kIdle       | kApplying | kApplyingAgain
//   -------------------------+-------------+-----------+----------------------
//   a request, the file      | load the    | kApplying | -
//   can be used and differs  | file:       | Again     |
//                            | kApplying   |           |
//   a request, else          | answered    | kApplying | -
//                            | at once     | Again     |
//   all workers use the      | -           | answered, | answered, then as a
//   file, or the limit is    |             | kIdle     | request in kIdle
//   over                     |             |           |
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "sluice/base/log.h"
#include "sluice/config/loader.h"
#include "sluice/server/control.h"
#include "sluice/server/server.h"

namespace sluice::server {

/// Belongs to the main thread.
class Reloader {
 public:
  enum class Result : uint8_t {
    kUnchanged,  ///< the file is the one in use
    kReloaded,
    kFailed,  ///< the old configuration stays in use
  };
  struct Outcome {
    Result result;
    std::vector<std::string> faults = {};  ///< with line and column where known
    size_t warnings = 0;
    std::vector<size_t> silent_workers = {};  ///< they do not use the configuration yet
  };
  using Load = std::function<config::LoadResult()>;
  using Done = std::function<void(const Outcome& outcome)>;

  /// `load` reads `file`, and `text` is the text of the configuration in use. With
  /// `reload: watch` a change of the file causes a reload. `server` and `log` outlive the reloader.
  Reloader(Server& server, base::Log& log, const std::string& file, Load load, std::string text);

  /// Reloads the file. The complete file is checked before anything changes. The outcome is logged
  /// and counted when every worker uses the new configuration.
  void Reload();

  /// Reloads the file, and calls `done` with the outcome as long as the result lives, possibly from
  /// inside this call.
  [[nodiscard]] std::shared_ptr<const void> Reload(Done done);

 private:
  enum class State : uint8_t { kIdle, kApplying, kApplyingAgain };

  void Begin();
  Outcome TryReload();
  void Finish();
  void LogOutcome() const;

  Server& server_;
  base::Log& log_;
  const Load load_;
  std::string text_;
  State state_ = State::kIdle;
  std::vector<std::weak_ptr<const Done>> waiting_;  // For the next reload.
  std::vector<std::weak_ptr<const Done>> asked_;    // For the current reload.
  Outcome outcome_{Result::kUnchanged};
  Control::Pending applying_;
  const std::shared_ptr<void> watched_;
};

}  // namespace sluice::server
