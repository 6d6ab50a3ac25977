#include "sluice/base/file.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>

#include <gtest/gtest.h>
#include <sys/stat.h>

namespace sluice::base {
namespace {

class FileTest : public testing::Test {
 protected:
  FileTest() {
    std::string name = testing::TempDir() + "sluice-file-XXXXXX";
    directory_ = mkdtemp(name.data());
  }
  ~FileTest() override { std::filesystem::remove_all(directory_); }

  std::string Path(const std::string& name) const { return directory_ + '/' + name; }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::binary) << text;
    return Path(name);
  }
  std::string MakeFifo(const std::string& name) const {
    EXPECT_EQ(mkfifo(Path(name).c_str(), 0600), 0);
    return Path(name);
  }

  std::string directory_;
};

TEST_F(FileTest, ReadsARegularFile) {
  const std::string text = std::string(100'000, 'x') + '\0' + "end";
  for (const FileKinds kinds : {FileKinds::kRegularOnly, FileKinds::kAny}) {
    EXPECT_EQ(*ReadFile(Write("some", text), 1, kinds), text);
    EXPECT_EQ(*ReadFile(Write("empty", ""), 1, kinds), "");
  }
}

TEST_F(FileTest, FollowsALink) {
  Write("target", "text");
  std::filesystem::create_symlink("target", Path("link"));
  EXPECT_EQ(*ReadFile(Path("link"), 1), "text");
}

TEST_F(FileTest, ReportsWhyAFileCannotBeRead) {
  EXPECT_EQ(ReadFile(Path("none"), 1).error(), "cannot be read: No such file or directory");
  EXPECT_EQ(ReadFile(directory_, 1).error(), "is not a regular file");
  EXPECT_EQ(ReadFile("/dev/null", 1).error(), "is not a regular file");
  EXPECT_EQ(ReadFile(directory_, 1, FileKinds::kAny).error(), "cannot be read: Is a directory");
}

TEST_F(FileTest, DoesNotWaitForTheWriterOfAFifo) {
  EXPECT_EQ(ReadFile(MakeFifo("fifo"), 1).error(), "is not a regular file");
}

TEST_F(FileTest, ReadsAFifoWhereAnyKindIsAllowed) {
  const std::string fifo = MakeFifo("fifo");
  const auto writer = std::async(std::launch::async, [&] { Write("fifo", "text"); });
  EXPECT_EQ(*ReadFile(fifo, 1, FileKinds::kAny), "text");
}

TEST_F(FileTest, BoundsTheSize) {
  constexpr size_t kMib = 1024 * 1024;
  EXPECT_EQ(ReadFile(Write("fits", std::string(2 * kMib, 'x')), 2)->size(), 2 * kMib);
  EXPECT_EQ(ReadFile(Write("large", std::string(2 * kMib + 1, 'x')), 2).error(),
            "is larger than 2 MiB");
}

}  // namespace
}  // namespace sluice::base
