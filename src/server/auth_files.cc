#include "server/auth_files.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sluice/base/text.h"
#include "sluice/net/fd.h"

namespace sluice::server {
namespace {

constexpr size_t kLargest = 16 * 1024 * 1024;

base::Unexpected<std::string> CannotRead(int error) {
  return base::Unexpected("cannot be read: " + std::generic_category().message(error));
}

/// Returns true for the names of files that no one wrote to be read: hidden ones, in which
/// Kubernetes keeps the targets of its links and editors what is not saved yet, and backups.
bool IsLeftover(std::string_view name) {
  return name.starts_with('.') || name.ends_with('~') ||
         (name.starts_with('#') && name.ends_with('#'));
}

}  // namespace

base::Result<std::string, std::string> DiskFiles::Read(const std::string& path) const {
  // A FIFO in the place of a file must not hold us up.
  const net::Fd file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat status {};
  if (file.get() < 0 || fstat(file.get(), &status) != 0) return CannotRead(errno);
  if (!S_ISREG(status.st_mode)) return base::Unexpected(std::string("is not a regular file"));
  std::string text;
  std::vector<char> chunk(64 * 1024);
  while (text.size() <= kLargest) {
    const ssize_t count = read(file.get(), chunk.data(), chunk.size());
    if (count == 0) return std::string(base::WithoutByteOrderMark(text));
    if (count > 0) {
      text.append(chunk.data(), static_cast<size_t>(count));
    } else if (errno != EINTR) {
      return CannotRead(errno);
    }
  }
  return base::Unexpected(std::string("is larger than 16 MiB"));
}

base::Result<std::vector<std::string>, std::string> DiskFiles::List(const std::string& path) const {
  std::vector<std::string> names;
  std::error_code error;
  for (auto entry = std::filesystem::directory_iterator(path, error);
       !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::string name = entry->path().filename().string();
    std::error_code unknown;  // A link that leads nowhere is not a regular file either.
    if (!IsLeftover(name) && entry->is_regular_file(unknown)) names.push_back(std::move(name));
  }
  if (error) return CannotRead(error.value());
  std::sort(names.begin(), names.end());
  return names;
}

base::Result<std::string, config::FileFault> ReadSecret(const std::string& path) {
  const auto text = DiskFiles().Read(path);
  if (!text) return base::Unexpected(config::FileFault{path, 0, text.error()});
  std::string secret = text->substr(0, text->find_first_of("\r\n"));
  if (secret.empty()) {
    return base::Unexpected(config::FileFault{path, 1, "expected the secret in the first line"});
  }
  return secret;
}

}  // namespace sluice::server
