#include "sluice/base/file.h"

#include <cerrno>
#include <system_error>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace sluice::base {
namespace {

class FileDescriptor {
 public:
  explicit FileDescriptor(int fd) : fd_(fd) {}
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

Unexpected<std::string> CannotReadFile(int error) {
  return Unexpected("cannot be read: " + std::generic_category().message(error));
}

}  // namespace

Result<std::string, std::string> ReadFile(const std::string& path, size_t max_mib,
                                          FileKinds kinds) {
  const bool is_regular_only = kinds == FileKinds::kRegularOnly;
  // Without O_NONBLOCK, opening a FIFO waits for a writer.
  const int flags = O_RDONLY | O_CLOEXEC | (is_regular_only ? O_NONBLOCK : 0);
  const FileDescriptor file(open(path.c_str(), flags));
  struct stat status {};
  if (file.get() < 0 || fstat(file.get(), &status) != 0) return CannotReadFile(errno);
  if (is_regular_only && !S_ISREG(status.st_mode)) {
    return Unexpected(std::string("is not a regular file"));
  }
  std::string text;
  std::vector<char> chunk(64 * 1024);
  while (text.size() <= max_mib * 1024 * 1024) {
    const ssize_t count = read(file.get(), chunk.data(), chunk.size());
    if (count == 0) return text;
    if (count > 0) {
      text.append(chunk.data(), static_cast<size_t>(count));
    } else if (errno != EINTR) {
      return CannotReadFile(errno);
    }
  }
  return Unexpected("is larger than " + std::to_string(max_mib) + " MiB");
}

}  // namespace sluice::base
