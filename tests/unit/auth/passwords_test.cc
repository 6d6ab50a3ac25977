#include "sluice/auth/passwords.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/fault_texts.h"

namespace sluice::auth {
namespace {

using ::testing::ElementsAre;
using testing::Texts;

// Of `U*U`, from the test vectors of crypt_blowfish.
constexpr char kBcrypt[] = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

TEST(Passwords, Users) {
  const auto users =
      ParseUsers(std::string("# people\n\nanna:") + kBcrypt + "\r\nbert:" + kBcrypt + ":1:2\n");
  ASSERT_TRUE(users);
  EXPECT_EQ(users->size(), 2U);
  EXPECT_EQ(users->at("bert"), kBcrypt);
  EXPECT_TRUE(ParseUsers("")) << "nobody is a user";
  for (const char* const weak :
       {"secret", "", "$apr1$x$y", "{SHA}x", "$1$ab$cd", "xxNa8DLwx", "$2a$"}) {
    EXPECT_FALSE(ParseUsers(std::string("a:") + weak)) << weak;
  }
}

TEST(Passwords, AFileMayBeginWithAByteOrderMark) {
  const auto users = ParseUsers(std::string("\xEF\xBB\xBF") + "anna:" + kBcrypt + "\n");
  ASSERT_TRUE(users);
  EXPECT_TRUE(users->contains("anna"));
}

TEST(Passwords, EveryFaultOfAFileIsReported) {
  const std::string anna = std::string("anna:") + kBcrypt + "\n";
  EXPECT_THAT(
      Texts(ParseUsers(anna + "x\n# y\nbert:secret\n" + anna + "carl:{SHA}abc\n").error()),
      ElementsAre("line 2: expected 'user:hash'",
                  "line 4: the password is not hashed; expected a hash of bcrypt, yescrypt, "
                  "SHA-512 or SHA-256 crypt, as `htpasswd -B` writes it",
                  "line 5: the user has a line already",
                  "line 6: the hash is of another kind, or is not complete; expected a hash of "
                  "bcrypt, yescrypt, SHA-512 or SHA-256 crypt, as `htpasswd -B` writes it"));
  std::string many;
  for (int i = 0; i < 100; ++i) many += "x\n";
  EXPECT_EQ(ParseUsers(many).error().size(), settings::kMostFileFaults);
}

TEST(Passwords, AreChecked) {
  EXPECT_TRUE(IsPassword(kBcrypt, "U*U"));
  EXPECT_FALSE(IsPassword(kBcrypt, "U*"));
  EXPECT_FALSE(IsPassword(kBcrypt, ""));
  EXPECT_FALSE(IsPassword("*0", "U*U"));
  EXPECT_FALSE(IsPassword("", ""));
}

}  // namespace
}  // namespace sluice::auth
