#include "sluice/base/base64.h"

#include <gtest/gtest.h>

namespace sluice::base {
namespace {

TEST(Base64, IsStrict) {
  EXPECT_EQ(DecodeBase64("aGk="), "hi");
  EXPECT_EQ(DecodeBase64("aA=="), "h");
  EXPECT_EQ(DecodeBase64(""), "");
  for (const char* const bad : {"aGk", "aGl=", "aGk==", "a===", "====", "=", "aG k", "aGk=aGk="}) {
    EXPECT_EQ(DecodeBase64(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(DecodeBase64Url("_-8"), "\xff\xef");
  EXPECT_EQ(DecodeBase64Url("/-8"), std::nullopt);
  EXPECT_EQ(DecodeBase64Url("_-9"), std::nullopt);
  EXPECT_EQ(EncodeBase64Url(AsBytes("\xff\xef")), "_-8");
}

}  // namespace
}  // namespace sluice::base
