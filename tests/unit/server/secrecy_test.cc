#include "server/secrecy.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

namespace sluice::server {
namespace {

using std::filesystem::perms;

class SecrecyTest : public ::testing::Test {
 protected:
  SecrecyTest() { std::filesystem::create_directory(directory); }
  ~SecrecyTest() override { std::filesystem::remove_all(directory); }

  std::string Make(const std::string& name, unsigned mode) const {
    const std::string path = directory / name;
    std::ofstream(path) << "secret";
    SetMode(path, mode);
    return path;
  }
  static void SetMode(const std::string& path, unsigned mode) {
    std::filesystem::permissions(path, static_cast<perms>(mode));
  }

  const std::filesystem::path directory =
      std::filesystem::temp_directory_path() / ("sluice-secrecy-" + std::to_string(getpid()));
};

TEST_F(SecrecyTest, OfAFile) {
  EXPECT_EQ(SecrecyWarning(Make("a", 0600)), std::nullopt);
  EXPECT_EQ(SecrecyWarning(Make("b", 0400)), std::nullopt);
  EXPECT_EQ(SecrecyWarning(Make("c", 0644)),
            "holds a secret, and every user of this machine has access to it (mode 0644); expected "
            "0600, or 0640 if it belongs to root");
  EXPECT_TRUE(SecrecyWarning(Make("d", 0602)));
  EXPECT_TRUE(SecrecyWarning(Make("e", 0660)));
  EXPECT_EQ(SecrecyWarning(directory / "nowhere"), std::nullopt);
}

TEST_F(SecrecyTest, AGroupMayReadWhatBelongsToRoot) {
  const std::string path = Make("a", 0640);
  if (geteuid() != 0) {
    EXPECT_TRUE(SecrecyWarning(path));
    return;
  }
  EXPECT_EQ(SecrecyWarning(path), std::nullopt);
  ASSERT_EQ(chown(path.c_str(), 65534, 65534), 0);
  EXPECT_TRUE(SecrecyWarning(path));
}

TEST_F(SecrecyTest, OfADirectory) {
  SetMode(directory, 0755);
  Make("good", 0600);
  EXPECT_EQ(SecrecyWarning(directory), std::nullopt);
  Make("loose", 0644);
  EXPECT_TRUE(SecrecyWarning(directory).value_or("").starts_with("has a file 'loose' that holds"));
  SetMode(directory, 0700);
  EXPECT_EQ(SecrecyWarning(directory), std::nullopt) << "no one else reaches its files";
}

}  // namespace
}  // namespace sluice::server
