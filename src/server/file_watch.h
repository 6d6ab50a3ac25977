// Tells when files have changed: certificates, users, tokens, which are read anew without a
// restart.
//
// Files are looked at rather than watched by inotify: a look follows every symbolic link of the
// way, so that the swap of a link far above the file is seen (as Kubernetes does it), and it works
// on every file system.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "sluice/net/event_loop.h"

namespace sluice::server {

/// Belongs to the loop's thread.
class FileWatch final : private net::TimerHandler {
 public:
  explicit FileWatch(net::EventLoop& loop) : timer_(loop, *this) {}

  /// Calls `changed` once whenever any of `paths` is not what it was, counting from this call: so
  /// it comes before the files are read for the first time. A path may be a directory, whose
  /// entries then count, and need not exist. A change is told when nothing more has changed for a
  /// second, since who writes two files, or one in pieces, is seldom done with it at the first
  /// look.
  void Add(std::vector<std::string> paths, std::function<void()> changed);

  /// Looks now, and tells of every change at once: somebody says that the files are as they should
  /// be.
  void CheckNow();

 private:
  struct Entry {
    std::vector<std::string> paths;
    std::function<void()> changed;
    std::string told;  // What the files were like when they were last told of, or added,
    std::string seen;  // and at the last look.
  };

  void OnTimer() override;

  std::vector<Entry> entries_;
  net::Timer timer_;
};

}  // namespace sluice::server
