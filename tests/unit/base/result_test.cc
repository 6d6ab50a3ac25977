// A value or an error.
#include "sluice/base/result.h"

#include <memory>
#include <string>
#include <type_traits>
#include <utility>

#include <gtest/gtest.h>

namespace sluice::base {
namespace {

Result<int, std::string> Halve(int n) {
  if (n % 2 != 0) return Unexpected(std::string("odd"));
  return n / 2;
}

Result<void, std::string> CheckEven(int n) {
  if (n % 2 != 0) return Unexpected("odd");
  return {};
}

TEST(ResultTest, HoldsAValue) {
  const auto result = Halve(42);
  ASSERT_TRUE(result);
  EXPECT_TRUE(result.has_value());
  EXPECT_EQ(*result, 21);
  EXPECT_EQ(result.value(), 21);
}

TEST(ResultTest, HoldsAnError) {
  const auto result = Halve(1);
  ASSERT_FALSE(result);
  EXPECT_FALSE(result.has_value());
  EXPECT_EQ(result.error(), "odd");
}

TEST(ResultTest, ValueAndErrorMayBeOfOneType) {
  const Result<int, int> value = 1;
  const Result<int, int> error = Unexpected(1);
  EXPECT_TRUE(value);
  EXPECT_FALSE(error);
}

TEST(ResultTest, FalseIsAValue) {
  const Result<bool, int> result = false;
  EXPECT_TRUE(result.has_value());
  EXPECT_FALSE(*result);
}

TEST(ResultTest, MovesWhatCannotBeCopied) {
  Result<std::unique_ptr<int>, std::unique_ptr<std::string>> result = std::make_unique<int>(7);
  const std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 7);

  result = Unexpected(std::make_unique<std::string>("gone"));
  const std::unique_ptr<std::string> error = std::move(result).error();
  EXPECT_EQ(*error, "gone");
}

TEST(ResultTest, AnErrorIsConverted) {
  const Result<int, std::string> result = Unexpected("a literal");
  EXPECT_EQ(result.error(), "a literal");
}

TEST(ResultTest, ArrowReachesTheValue) {
  Result<std::string, int> result = std::string("abc");
  EXPECT_EQ(result->size(), 3u);
  result->push_back('d');
  EXPECT_EQ(*std::as_const(result), "abcd");
}

TEST(ResultTest, IsNoBoolUnlessAsked) {
  static_assert(!std::is_convertible_v<Result<int, int>, bool>);
  static_assert(!std::is_convertible_v<Result<void, int>, bool>);
}

TEST(ResultVoidTest, SucceedsWithoutAValue) {
  EXPECT_TRUE(CheckEven(2));
  EXPECT_TRUE(CheckEven(2).has_value());
}

TEST(ResultVoidTest, HoldsAnError) {
  const auto result = CheckEven(1);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error(), "odd");
}

// Reading what is absent is a broken invariant and must not go unnoticed.
TEST(ResultTest, ReadingWhatIsAbsentThrows) {
  EXPECT_ANY_THROW((void)Halve(1).value());
  EXPECT_ANY_THROW((void)Halve(2).error());
}

TEST(ResultVoidTest, ReadingAnAbsentErrorThrows) {
  auto result = CheckEven(2);
  EXPECT_ANY_THROW((void)result.error());
  EXPECT_ANY_THROW((void)std::as_const(result).error());
  EXPECT_ANY_THROW((void)std::move(result).error());
}

}  // namespace
}  // namespace sluice::base
