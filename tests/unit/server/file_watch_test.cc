#include "server/file_watch.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "net/run_loop.h"

namespace sluice::server {
namespace {

namespace fs = std::filesystem;
using net::testing::RunUntil;

class FileWatchTest : public ::testing::Test {
 protected:
  FileWatchTest() {
    std::string name = ::testing::TempDir() + "sluice_watch_XXXXXX";
    EXPECT_NE(mkdtemp(name.data()), nullptr);
    directory = name;
  }
  ~FileWatchTest() override { fs::remove_all(directory); }

  std::string Path(const std::string& name) const { return directory / name; }
  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name)) << text;
  }
  void Add(std::vector<std::string> paths) {
    watched.push_back(watch.Add(std::move(paths), [this] { ++changes; }));
  }

  /// How many changes a look finds.
  int Look() {
    changes = 0;
    watch.CheckNow();
    return changes;
  }

  fs::path directory;
  net::EventLoop loop;
  FileWatch watch{loop};
  std::vector<FileWatch::Watched> watched;
  int changes = 0;
};

TEST_F(FileWatchTest, AFile) {
  Write("a", "one");
  Add({Path("a"), Path("b")});
  EXPECT_EQ(Look(), 0);
  Write("a", "longer");
  EXPECT_EQ(Look(), 1);
  EXPECT_EQ(Look(), 0) << "told once";
  Write("b", "comes to be");
  EXPECT_EQ(Look(), 1);
  Write("a", "both");
  Write("b", "of them");
  EXPECT_EQ(Look(), 1) << "one change, however many files";
  fs::permissions(Path("a"), fs::perms::owner_all);
  EXPECT_EQ(Look(), 1);
  fs::remove(Path("b"));
  EXPECT_EQ(Look(), 1);
}

TEST_F(FileWatchTest, AFileThatIsReplacedByOneOfTheSameSizeAndTime) {
  Write("a", "one");
  Add({Path("a")});
  Write("new", "two");
  fs::last_write_time(Path("new"), fs::last_write_time(Path("a")));
  fs::rename(Path("new"), Path("a"));
  EXPECT_EQ(Look(), 1);
}

TEST_F(FileWatchTest, TheSwapOfALinkAboveTheFile) {
  // As Kubernetes mounts a secret: tls.crt -> ..data/tls.crt, ..data -> ..2026_11_24.
  for (const auto* version : {"..old", "..new"}) {
    fs::create_directory(directory / version);
    Write(std::string(version) + "/tls.crt", "same");
  }
  fs::create_directory_symlink("..old", Path("..data"));
  fs::create_symlink("..data/tls.crt", Path("tls.crt"));
  Add({Path("tls.crt")});
  EXPECT_EQ(Look(), 0);
  fs::create_directory_symlink("..new", Path("..data_tmp"));
  fs::rename(Path("..data_tmp"), Path("..data"));
  fs::remove_all(Path("..old"));
  EXPECT_EQ(Look(), 1);
}

TEST_F(FileWatchTest, EntriesOfADirectory) {
  fs::create_directory(Path("tokens"));
  Write("tokens/a", "one");
  Add({Path("tokens")});
  EXPECT_EQ(Look(), 0);
  Write("tokens/a", "other");
  EXPECT_EQ(Look(), 1);
  Write("tokens/b", "more");
  EXPECT_EQ(Look(), 1);
  fs::rename(Path("tokens/b"), Path("tokens/c"));
  EXPECT_EQ(Look(), 1);
  fs::remove(Path("tokens/c"));
  EXPECT_EQ(Look(), 1);
  EXPECT_EQ(Look(), 0);
}

TEST_F(FileWatchTest, OnlyThoseThatHaveChangedAreTold) {
  Write("a", "one");
  Write("b", "one");
  int others = 0;
  Add({Path("a")});
  const auto other = watch.Add({Path("b")}, [&] { ++others; });
  Write("b", "other");
  EXPECT_EQ(Look(), 0);
  EXPECT_EQ(others, 1);
}

TEST_F(FileWatchTest, WhoIsGoneIsNotTold) {
  Write("a", "one");
  Add({Path("a")});
  Add({Path("a")});
  // As a new configuration puts what watches for the old one away.
  const auto first = watch.Add({Path("a")}, [this] { watched.clear(); });
  Add({Path("a")});
  Write("a", "other");
  EXPECT_EQ(Look(), 2) << "who has been looked at already is told";
  Write("a", "one more");
  EXPECT_EQ(Look(), 0);
}

TEST_F(FileWatchTest, AnEmptyFileIsToldWhenTheNextLookFindsTheSame) {
  fs::create_directory(Path("d"));
  Write("a", "users");
  Write("d/b", "tokens");
  for (const std::string path : {"a", "d"}) {
    Add({Path(path)});
    const std::string name = path == "d" ? "d/b" : path;
    Write(name, "");
    EXPECT_EQ(Look(), 0) << "it may be written again";
    Write(name, "again");
    EXPECT_EQ(Look(), 1);
    Write(name, "");
    EXPECT_EQ(Look(), 0);
    EXPECT_TRUE(RunUntil(loop, [this] { return changes == 1; }));
    EXPECT_EQ(Look(), 0) << "told once";
    watched.clear();
  }
}

TEST_F(FileWatchTest, LooksByItself) {
  Write("a", "one");
  Add({Path("a")});
  Write("a", "other");
  EXPECT_TRUE(RunUntil(loop, [&] { return changes != 0; }));
  EXPECT_EQ(Look(), 0);
}

}  // namespace
}  // namespace sluice::server
