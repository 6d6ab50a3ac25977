#include "server/secrecy.h"

#include <array>
#include <cstdio>

#include <sys/stat.h>

#include "server/disk_files.h"

namespace sluice::server {
namespace {

constexpr mode_t kGroup = S_IRWXG;
constexpr mode_t kOthers = S_IRWXO;

bool IsLoose(const struct stat& file) {
  const bool is_groups =
      (file.st_mode & kGroup) != 0 && (file.st_uid != 0 || (file.st_mode & S_IWGRP) != 0);
  return is_groups || (file.st_mode & kOthers) != 0;
}

std::string DescribeLoose(const struct stat& file) {
  std::array<char, 8> mode{};
  std::snprintf(mode.data(), mode.size(), "%04o", static_cast<unsigned>(file.st_mode & 07777));
  return std::string("holds a secret, and ") +
         ((file.st_mode & kOthers) != 0 ? "every user of this machine" : "its group") +
         " has access to it (mode " + mode.data() +
         "); expected 0600, or 0640 if it belongs to root";
}

}  // namespace

std::optional<std::string> SecrecyWarning(const std::string& path) {
  struct stat status {};
  if (stat(path.c_str(), &status) != 0) return std::nullopt;
  if (!S_ISDIR(status.st_mode)) {
    return IsLoose(status) ? std::optional(DescribeLoose(status)) : std::nullopt;
  }
  // Other users cannot reach files in a directory that they may not search.
  if ((status.st_mode & (S_IXGRP | S_IXOTH)) == 0) return std::nullopt;
  const auto names = DiskFiles().List(path);
  if (!names) return std::nullopt;
  for (const auto& name : *names) {
    if (stat((path + '/' + name).c_str(), &status) != 0 || !IsLoose(status)) continue;
    return "has a file '" + name + "' that " + DescribeLoose(status);
  }
  return std::nullopt;
}

}  // namespace sluice::server
