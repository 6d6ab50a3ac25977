#include "sluice/http/query.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(QueryValues, AreThoseOfThatName) {
  EXPECT_THAT(QueryValues("a=1&b=2&a=3", "a"), ElementsAre("1", "3"));
  EXPECT_THAT(QueryValues("a=1&b=2", "c"), IsEmpty());
  EXPECT_THAT(QueryValues("", "a"), IsEmpty());
  EXPECT_THAT(QueryValues("aa=1&A=2", "a"), IsEmpty());
}

TEST(QueryValues, MayBeEmptyAndMayHaveAnEqualsSign) {
  EXPECT_THAT(QueryValues("a&a=&a=b=c&&", "a"), ElementsAre("", "", "b=c"));
  EXPECT_THAT(QueryValues("=1", ""), ElementsAre("1"));
}

TEST(QueryValues, AreDecoded) {
  EXPECT_THAT(QueryValues("address=db.example.com%3A5432", "address"),
              ElementsAre("db.example.com:5432"));
  EXPECT_THAT(QueryValues("%61=x+y%2Bz%26", "a"), ElementsAre("x y+z&"));
  EXPECT_THAT(QueryValues("a=%c3%BC", "a"), ElementsAre("\xc3\xbc"));
  EXPECT_THAT(QueryValues("a=%&a=%4&a=%zz&a=100%25", "a"), ElementsAre("%", "%4", "%zz", "100%"));
}

}  // namespace
}  // namespace sluice::http
