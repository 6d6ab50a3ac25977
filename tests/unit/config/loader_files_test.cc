// How files are read.
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "config/load_text.h"

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using testing::kMinimal;
using testing::Shown;

class LoadFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = ::testing::TempDir() + "sluice_config_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    path_ = directory_ + "/sluice.yaml";
  }
  void TearDown() override {
    std::remove(path_.c_str());
    std::remove(directory_.c_str());
  }
  void Write(const std::string& text) { std::ofstream(path_) << text; }

  std::string directory_;
  std::string path_;
};

TEST_F(LoadFileTest, ReadsAFile) {
  Write(kMinimal);
  const auto loaded = LoadFile(path_);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.routes[0].name, "all");
}

TEST_F(LoadFileTest, UsesTheProcessEnvironment) {
  ASSERT_EQ(setenv("SLUICE_CONFIG_TEST_PORT", "1234", 1), 0);
  Write(
      "listeners: [\"${SLUICE_CONFIG_TEST_PORT}\"]\n"
      "routes: [{name: a, match: {path: /a}, backend: \"${SLUICE_CONFIG_TEST_NONE}\"}]\n");
  const auto loaded = LoadFile(path_);
  unsetenv("SLUICE_CONFIG_TEST_PORT");
  ASSERT_FALSE(loaded);
  ASSERT_EQ(loaded.error().size(), 1U);
  EXPECT_EQ(loaded.error()[0].file, path_);
  EXPECT_EQ(loaded.error()[0].line, 2);
}

TEST_F(LoadFileTest, ReadsTheAdminSectionOfAFileWithErrorsElsewhere) {
  Write("admin: {address: 127.0.0.1:9191}\nlisteners: [\"127.0.0.1:9191\"]\nrouts: 1\n");
  const auto admin = LoadAdmin(path_);
  ASSERT_TRUE(admin);
  ASSERT_TRUE(*admin);
  EXPECT_EQ((**admin).address.ToString(), "127.0.0.1:9191");

  Write(kMinimal);
  const auto none = LoadAdmin(path_);
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);

  Write("admin: {address: nowhere}\nrouts: 1\n");
  const auto bad = LoadAdmin(path_);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().size(), 1U);
  EXPECT_EQ(bad.error()[0].line, 1);
  EXPECT_FALSE(LoadAdmin(directory_ + "/none"));
}

TEST_F(LoadFileTest, SaysWhyAFileCannotBeRead) {
  const auto missing = LoadFile(path_);
  ASSERT_FALSE(missing);
  EXPECT_THAT(Shown(missing.error()),
              ElementsAre(path_ + ": cannot be read: No such file or directory"));
  const auto directory = LoadFile(directory_);
  ASSERT_FALSE(directory);
  EXPECT_THAT(Shown(directory.error()),
              ElementsAre(directory_ + ": cannot be read: Is a directory"));
}

TEST_F(LoadFileTest, AReloadDoesNotWaitForTheWriterOfAFifo) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  const auto loaded = LoadFile(path_, {}, {}, base::FileKinds::kRegularOnly);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(Shown(loaded.error()), ElementsAre(path_ + ": is not a regular file"));
  const auto admin = LoadAdmin(path_);
  ASSERT_FALSE(admin);
  EXPECT_THAT(Shown(admin.error()), ElementsAre(path_ + ": is not a regular file"));
}

TEST_F(LoadFileTest, BoundsTheSize) {
  std::string text = kMinimal;
  text += '#';
  text.resize(kMaxFileSize, 'x');
  Write(text);
  EXPECT_TRUE(LoadFile(path_));
  Write(text + 'x');
  const auto loaded = LoadFile(path_);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(Shown(loaded.error()), ElementsAre(path_ + ": is larger than 4 MiB"));
}

}  // namespace
}  // namespace sluice::config
