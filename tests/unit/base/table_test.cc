#include "sluice/base/table.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "seed.h"

namespace sluice::base {
namespace {

struct Thing final : TableEntry {
  explicit Thing(int n) : number(n) {}
  int number;
};

std::vector<int> Numbers(Table<Thing>& table) {
  std::vector<int> numbers;
  table.ForEach([&](Thing& thing) { numbers.push_back(thing.number); });
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

TEST(TableTest, TakesOutTheLastAndTheOnly) {
  Table<Thing> table;
  EXPECT_TRUE(table.empty());
  Thing& thing = table.Add(std::make_unique<Thing>(1));
  EXPECT_EQ(table.size(), 1u);
  const auto taken = table.Take(thing);
  EXPECT_EQ(taken.get(), &thing);
  EXPECT_TRUE(table.empty());
}

TEST(TableTest, ForEachMayTakeOutAnyOfThem) {
  Table<Thing> table;
  std::vector<Thing*> things;
  for (int i = 0; i < 10; ++i) things.push_back(&table.Add(std::make_unique<Thing>(i)));
  std::vector<std::unique_ptr<Thing>> taken;
  int calls = 0;
  table.ForEach([&](Thing& thing) {
    ++calls;
    if (&thing == things[0]) {
      taken.push_back(table.Take(*things[0]));
      taken.push_back(table.Take(*things[9]));
      taken.push_back(table.Take(*things[5]));
    }
  });
  EXPECT_EQ(calls, 10);
  EXPECT_EQ(Numbers(table), (std::vector<int>{1, 2, 3, 4, 6, 7, 8}));
}

class TablePropertyTest : public test::Seeded {};

TEST_F(TablePropertyTest, AnyOrderOfAddingAndTaking) {
  Table<Thing> table;
  std::vector<Thing*> in_table;
  for (int i = 0; i < 2000; ++i) {
    if (in_table.empty() || !OneIn(2)) {
      in_table.push_back(&table.Add(std::make_unique<Thing>(i)));
    } else {
      const auto place = static_cast<ptrdiff_t>(Between(0, in_table.size() - 1));
      Thing* const thing = in_table[static_cast<size_t>(place)];
      in_table.erase(in_table.begin() + place);
      ASSERT_EQ(table.Take(*thing).get(), thing);
    }
    ASSERT_EQ(table.size(), in_table.size());
  }
  std::vector<int> expected;
  for (const Thing* thing : in_table) expected.push_back(thing->number);
  std::sort(expected.begin(), expected.end());
  EXPECT_EQ(Numbers(table), expected);
}

}  // namespace
}  // namespace sluice::base
