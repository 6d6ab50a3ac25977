#include "server/disk_files.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <vector>

#include "sluice/base/file.h"
#include "sluice/base/text.h"

namespace sluice::server {
namespace {

constexpr size_t kMaxMib = 16;

/// Returns true for hidden files, where Kubernetes keeps the targets of its links and editors keep
/// unsaved text, and for backups of editors.
bool IsLeftover(std::string_view name) {
  return name.starts_with('.') || name.ends_with('~') ||
         (name.starts_with('#') && name.ends_with('#'));
}

}  // namespace

base::Result<std::string, std::string> DiskFiles::Read(const std::string& path) const {
  auto text = base::ReadFile(path, kMaxMib);
  if (!text) return text;
  return std::string(base::WithoutByteOrderMark(*text));
}

base::Result<std::vector<std::string>, std::string> DiskFiles::List(const std::string& path) const {
  std::vector<std::string> names;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(path, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::string name = entry->path().filename().string();
    std::error_code unknown;  // A broken link is not a regular file.
    if (!IsLeftover(name) && entry->is_regular_file(unknown)) names.push_back(std::move(name));
  }
  if (error) return base::Unexpected("cannot be read: " + error.message());
  std::sort(names.begin(), names.end());
  return names;
}

base::Result<std::string, settings::FileFault> ReadSecret(const std::string& path) {
  const auto text = DiskFiles().Read(path);
  if (!text) return base::Unexpected(settings::FileFault{path, 0, text.error()});
  std::string secret = text->substr(0, text->find_first_of("\r\n"));
  if (secret.empty()) {
    return base::Unexpected(settings::FileFault{path, 1, "expected the secret in the first line"});
  }
  return secret;
}

}  // namespace sluice::server
