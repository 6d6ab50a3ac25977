// Notifies about changed files: certificates, users, tokens, which are reloaded without a restart.
//
// Files are polled with stat(2) rather than watched by inotify. A poll follows every symbolic link
// in the path, so it notices when a link far above the file is replaced (as Kubernetes does), and
// it works on every file system.
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

  /// Keeps a watch. Destroying it ends the notifications.
  using Watched = std::shared_ptr<void>;

  /// Calls `changed` whenever any of `paths` has changed since this call, so call it before the
  /// files are loaded for the first time. A path may be a directory, whose entries then count, and
  /// need not exist. `changed` is called when nothing more has changed for a second, because a
  /// writer of two files, or of a file in pieces, is rarely done at the first poll.
  [[nodiscard]] Watched Add(std::vector<std::string> paths, std::function<void()> changed);

  /// Polls now and notifies about every change at once, because the operator has asked for it. Only
  /// an empty file may be one that is still being written: its change is reported when the next
  /// poll finds it unchanged.
  void CheckNow();

 private:
  struct Entry {
    Entry(std::vector<std::string> files, std::function<void()> callback,
          const std::string& fingerprint)
        : paths(std::move(files)),
          changed(std::move(callback)),
          reported(fingerprint),
          polled(fingerprint) {}
    std::vector<std::string> paths;
    std::function<void()> changed;
    std::string reported;  // The fingerprint at the last notification, or when added.
    std::string polled;    // The fingerprint at the last poll.
  };

  void OnTimer() override;
  template <typename Function>
  void ForEach(Function function);

  std::vector<std::weak_ptr<Entry>> entries_;
  net::Timer timer_;
};

}  // namespace sluice::server
