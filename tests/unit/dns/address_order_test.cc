#include "sluice/dns/address_order.h"

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "seed.h"

namespace sluice::dns {
namespace {

std::vector<net::Address> Addresses(const std::vector<std::string>& hosts) {
  std::vector<net::Address> addresses;
  for (const auto& host : hosts) addresses.push_back(*net::Address::Parse(host, 0));
  return addresses;
}

std::vector<std::string> Texts(const std::vector<net::Address>& addresses) {
  std::vector<std::string> texts;
  for (const auto& address : addresses) texts.push_back(address.ToString());
  return texts;
}

using Hosts = std::vector<std::string>;

Hosts Interleaved(const Hosts& hosts) {
  auto addresses = Addresses(hosts);
  InterleaveFamilies(addresses);
  return Texts(addresses);
}

TEST(InterleaveFamilies, TheyTakeTurnsBeginningWithTheFirst) {
  EXPECT_EQ(Interleaved({"::1", "::2", "::3", "1.1.1.1", "1.1.1.2"}),
            (Hosts{"::1", "1.1.1.1", "::2", "1.1.1.2", "::3"}));
  EXPECT_EQ(Interleaved({"1.1.1.1", "1.1.1.2", "::1", "1.1.1.3"}),
            (Hosts{"1.1.1.1", "::1", "1.1.1.2", "1.1.1.3"}));
  EXPECT_EQ(Interleaved({"::1", "::2"}), (Hosts{"::1", "::2"}));
  EXPECT_EQ(Interleaved({}), Hosts{});
}

TEST(LimitFamilies, LeavesTheFirstOfEach) {
  auto addresses = Addresses({"1.1.1.1", "::1", "1.1.1.2", "1.1.1.3", "::2"});
  LimitFamilies(addresses, 2);
  EXPECT_EQ(Texts(addresses), (Hosts{"1.1.1.1", "::1", "1.1.1.2", "::2"}));
  LimitFamilies(addresses, 1);
  EXPECT_EQ(Texts(addresses), (Hosts{"1.1.1.1", "::1"}));
}

TEST(Rotate, EachFamilyByItself) {
  const Hosts hosts = {"::1", "1.1.1.1", "::2", "1.1.1.2", "1.1.1.3"};
  const auto rotated = [&hosts](size_t steps) {
    auto addresses = Addresses(hosts);
    Rotate(addresses, steps);
    return Texts(addresses);
  };
  EXPECT_EQ(rotated(0), (Hosts{"::1", "::2", "1.1.1.1", "1.1.1.2", "1.1.1.3"}));
  EXPECT_EQ(rotated(1), (Hosts{"::2", "::1", "1.1.1.2", "1.1.1.3", "1.1.1.1"}));
  EXPECT_EQ(rotated(2), (Hosts{"::1", "::2", "1.1.1.3", "1.1.1.1", "1.1.1.2"}));
  std::vector<net::Address> none;
  Rotate(none, 3);
  EXPECT_TRUE(none.empty());
}

TEST(OrderServices, ByPriorityFirst) {
  std::vector<Service> services = {{"c", 1, 30, 9}, {"a", 1, 10, 0}, {"b", 1, 20, 0}};
  OrderServices(services, [](uint32_t) { return 0u; });
  EXPECT_EQ(services[0].host, "a");
  EXPECT_EQ(services[1].host, "b");
  EXPECT_EQ(services[2].host, "c");
}

TEST(OrderServices, TheExtremesOfTheLot) {
  const std::vector<Service> services = {{"a", 1, 1, 3}, {"b", 1, 1, 0}, {"c", 1, 1, 7}};
  auto lowest = services;
  OrderServices(lowest, [](uint32_t) { return 0u; });
  EXPECT_EQ(lowest[0].host, "b") << "those without weight come first when the lot is 0";
  auto highest = services;
  OrderServices(highest, [](uint32_t max) { return max; });
  EXPECT_EQ(highest[0].host, "c");
  EXPECT_EQ(highest[1].host, "a");
  EXPECT_EQ(highest[2].host, "b");
}

class OrderServicesByLot : public test::Seeded {};

TEST_F(OrderServicesByLot, TheWeightsDecide) {
  const auto draw = [this](uint32_t max) { return static_cast<uint32_t>(Between(0, max)); };
  std::map<std::string, int> first;
  constexpr int kRounds = 10'000;
  for (int i = 0; i < kRounds; ++i) {
    std::vector<Service> services = {{"a", 1, 1, 10}, {"b", 1, 1, 30}, {"c", 1, 1, 60}};
    OrderServices(services, draw);
    ++first[services[0].host];
  }
  EXPECT_NEAR(first["a"], kRounds / 10, 300);
  EXPECT_NEAR(first["b"], kRounds * 3 / 10, 300);
  EXPECT_NEAR(first["c"], kRounds * 6 / 10, 300);
}

}  // namespace
}  // namespace sluice::dns
