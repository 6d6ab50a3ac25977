// Tells when files have changed: certificates, users, tokens, which are read anew without a
// restart.
//
// Files are looked at rather than watched by inotify: a look follows every symbolic link of the
// way, so that the swap of a link far above the file is seen (as Kubernetes does it), and it works
// on every file system.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "sluice/net/event_loop.h"

namespace sluice::server {

/// Belongs to the loop's thread.
class FileWatch final : private net::TimerHandler {
 public:
  explicit FileWatch(net::EventLoop& loop) : timer_(loop, *this) {}

  /// Nobody is told any more when it is destroyed.
  using Watched = std::shared_ptr<void>;

  /// Calls `changed` once whenever any of `paths` is not what it was, counting from this call: so
  /// it comes before the files are read for the first time. A path may be a directory, whose
  /// entries then count, and need not exist. A change is told when nothing more has changed for a
  /// second, since who writes two files, or one in pieces, is seldom done with it at the first
  /// look.
  [[nodiscard]] Watched Add(std::vector<std::string> paths, std::function<void()> changed);

  /// Looks now, and tells of every change at once: somebody says that the files are as they should
  /// be. But a file without a byte may be one that is being written again: its change is told when
  /// the next look finds the same.
  void CheckNow();

 private:
  struct Entry {
    Entry(std::vector<std::string> files, std::function<void()> callback, std::string is_told,
          std::string is_seen)
        : paths(std::move(files)),
          changed(std::move(callback)),
          told(std::move(is_told)),
          seen(std::move(is_seen)) {}
    std::vector<std::string> paths;
    std::function<void()> changed;
    std::string told;  // What the files were like when they were last told of, or added,
    std::string seen;  // and at the last look.
  };

  void OnTimer() override;
  template <typename Function>
  void ForEach(Function function);

  std::vector<std::weak_ptr<Entry>> entries_;
  net::Timer timer_;
};

}  // namespace sluice::server
