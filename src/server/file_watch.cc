#include "server/file_watch.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <dirent.h>
#include <sys/stat.h>

namespace sluice::server {
namespace {

constexpr base::Duration kInterval{1'000};

struct DirCloser {
  void operator()(DIR* directory) const { closedir(directory); }
};

/// Returns the attributes that change when a file changes. One of them is the time of the last
/// status change, which a program cannot set.
std::string Describe(const struct stat& file) {
  std::string text;
  const auto add = [&text](auto number) { (text += std::to_string(number)) += ' '; };
  add(file.st_dev);
  add(file.st_ino);
  add(file.st_mode);
  add(file.st_uid);
  add(file.st_size);
  for (const timespec& time : {file.st_mtim, file.st_ctim}) {
    add(time.tv_sec);
    add(time.tv_nsec);
  }
  return text;
}

std::vector<std::string> NamesIn(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, DirCloser> directory(opendir(path.c_str()));
  if (!directory) return names;
  while (const dirent* const entry = readdir(directory.get())) names.emplace_back(entry->d_name);
  std::sort(names.begin(), names.end());
  return names;
}

std::string Fingerprint(const std::string& path) {
  struct stat file {};
  if (stat(path.c_str(), &file) != 0) return "none";
  std::string text = Describe(file);
  if (!S_ISDIR(file.st_mode)) return text;
  for (const auto& name : NamesIn(path)) {
    struct stat entry {};
    if (name == "." || name == ".." || stat((path + '/' + name).c_str(), &entry) != 0) continue;
    text += name + '/' + Describe(entry);
  }
  return text;
}

std::string Fingerprint(const std::vector<std::string>& paths) {
  std::string text;
  for (const auto& path : paths) (text += Fingerprint(path)) += '\n';
  return text;
}

bool IsEmptyFile(const std::string& path) {
  struct stat file {};
  return stat(path.c_str(), &file) == 0 && S_ISREG(file.st_mode) && file.st_size == 0;
}

/// Returns true if the path is an empty file, or a directory that contains one.
bool HasEmptyFile(const std::string& path) {
  if (IsEmptyFile(path)) return true;
  const auto names = NamesIn(path);
  return std::any_of(names.begin(), names.end(),
                     [&path](const std::string& name) { return IsEmptyFile(path + '/' + name); });
}

}  // namespace

FileWatch::Watched FileWatch::Add(std::vector<std::string> paths, std::function<void()> changed) {
  const std::string now = Fingerprint(paths);
  auto entry = std::make_shared<Entry>(std::move(paths), std::move(changed), now);
  entries_.push_back(entry);
  timer_.Start(kInterval);
  return entry;
}

/// Calls `function` for each entry. It may add and destroy entries.
template <typename Function>
void FileWatch::ForEach(Function function) {
  std::erase_if(entries_, [](const auto& entry) { return entry.expired(); });
  const auto entries = entries_;
  for (const auto& weak : entries) {
    if (const auto entry = weak.lock()) function(*entry);
  }
}

void FileWatch::CheckNow() {
  ForEach([](Entry& entry) {
    entry.polled = Fingerprint(entry.paths);
    if (std::any_of(entry.paths.begin(), entry.paths.end(), HasEmptyFile)) return;
    if (std::exchange(entry.reported, entry.polled) != entry.polled) entry.changed();
  });
}

void FileWatch::OnTimer() {
  timer_.Start(kInterval);
  ForEach([](Entry& entry) {
    const std::string before = std::exchange(entry.polled, Fingerprint(entry.paths));
    if (entry.polled != before || entry.polled == entry.reported) return;
    entry.reported = entry.polled;
    entry.changed();
  });
}

}  // namespace sluice::server
