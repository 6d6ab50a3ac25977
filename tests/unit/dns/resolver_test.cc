// Questions and answers.
#include "sluice/dns/resolver.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "dns/resolver_fixture.h"
#include "net/run_loop.h"

namespace sluice::dns {
namespace {

using net::testing::RunTurns;
using net::testing::RunUntil;
using testing::DnsServer;
using testing::ResolverTest;

TEST_F(ResolverTest, ALiteralIsItsOwnAnswer) {
  for (const char* host : {"10.1.2.3", "::1"}) {
    const auto query = Ask(host);
    EXPECT_FALSE(answer.has_value()) << "never from inside the call";
    ASSERT_TRUE(Answered());
    ASSERT_TRUE(*answer);
    ASSERT_EQ(answer->value().size(), 1u);
    EXPECT_EQ(answer->value()[0].ToString(), net::Address::Parse(host, 5900)->ToString());
  }
  EXPECT_EQ(server.queries, 0);
}

TEST_F(ResolverTest, LocalhostIsInTheHostsFile) {
  const auto query = Ask("localhost");
  EXPECT_FALSE(answer.has_value());
  ASSERT_TRUE(Answered());
  ASSERT_TRUE(*answer) << answer->error();
  const auto addresses = Addresses();
  EXPECT_NE(std::find(addresses.begin(), addresses.end(), "127.0.0.1:5900"), addresses.end());
}

TEST_F(ResolverTest, AsksForBothFamilies) {
  server.names["both.test"] = {"192.0.2.1", "192.0.2.2", "2001:db8::1"};
  const auto query = Ask("both.test");
  ASSERT_TRUE(Answered());
  EXPECT_EQ(Addresses(),
            (std::vector<std::string>{"192.0.2.1:5900", "192.0.2.2:5900", "[2001:db8::1]:5900"}));
}

TEST_F(ResolverTest, OneFamilyIsEnough) {
  server.names["four.test"] = {"192.0.2.1"};
  server.names["six.test"] = {"2001:db8::1"};
  auto query = Ask("four.test");
  ASSERT_TRUE(Answered());
  EXPECT_EQ(Addresses(), (std::vector<std::string>{"192.0.2.1:5900"}));
  query = Ask("six.test");
  ASSERT_TRUE(Answered());
  EXPECT_EQ(Addresses(), (std::vector<std::string>{"[2001:db8::1]:5900"}));
}

TEST_F(ResolverTest, ANameThatDoesNotExist) {
  const auto query = Ask("nobody.test");
  ASSERT_TRUE(Answered());
  ASSERT_FALSE(*answer);
  EXPECT_FALSE(answer->error().empty());
}

TEST_F(ResolverTest, ANameThatCannotBe) {
  const auto query = Ask(std::string(300, 'x'));
  EXPECT_FALSE(answer.has_value()) << "never from inside the call";
  ASSERT_TRUE(Answered());
  EXPECT_FALSE(*answer);
}

TEST_F(ResolverTest, ASilentServerIsGivenUp) {
  Make(base::Duration(30));
  server.silent = true;
  const auto query = Ask("slow.test");
  ASSERT_TRUE(Answered());
  EXPECT_FALSE(*answer);
  EXPECT_GE(server.queries, 2);
}

TEST_F(ResolverTest, ManyAtOnce) {
  server.names["a.test"] = {"192.0.2.1"};
  std::vector<std::unique_ptr<Resolver::Query>> queries;
  int answered = 0;
  for (int i = 0; i < 20; ++i) {
    queries.push_back(resolver->Resolve("a.test", 1, Cached::kUse, [&](Resolver::Answer a) {
      EXPECT_TRUE(a);
      ++answered;
    }));
  }
  EXPECT_TRUE(RunUntil(loop, [&] { return answered == 20; }));
}

TEST_F(ResolverTest, AFamilyWithoutAnAnswerCostsTheResolutionDelay) {
  server.names["a.test"] = {"192.0.2.1", "2001:db8::1"};
  for (const auto& [silent, other] :
       {std::pair(DnsServer::kAaaa, "192.0.2.1:5900"), {DnsServer::kA, "[2001:db8::1]:5900"}}) {
    Make(base::Duration(10'000));
    server.silent_types = {silent};
    const auto begin = net::EventLoop::Now();
    auto query = Ask("a.test");
    ASSERT_TRUE(Answered());
    EXPECT_EQ(Addresses(), (std::vector<std::string>{other}));
    EXPECT_GE(net::EventLoop::Now() - begin, Resolver::kResolutionDelay);
    EXPECT_LT(net::EventLoop::Now() - begin, base::Duration(5'000)) << "the time-out of a query";
    EXPECT_TRUE(query->IsRenewable()) << "the other family may still come";

    const int asked = server.queries;
    query = Ask("a.test");
    ASSERT_TRUE(Answered());
    EXPECT_EQ(Addresses(), (std::vector<std::string>{other})) << "what is known so far";
    EXPECT_EQ(server.queries, asked);
  }
}

TEST_F(ResolverTest, TheAddressesOfAFamilyShareTheLoad) {
  server.names["many.test"] = {"192.0.2.1", "192.0.2.2", "192.0.2.3"};
  std::set<std::string> first;
  // That one is never drawn has a chance of one to 10^35.
  for (int i = 0; i < 200 && first.size() < 3; ++i) {
    const auto query = Ask("many.test");
    ASSERT_TRUE(Answered());
    first.insert(answer->value().front().ToString());
  }
  EXPECT_EQ(first.size(), 3u);
}

TEST_F(ResolverTest, WhatTheHostsFileSaysIsNotAskedFor) {
  std::ifstream file("/etc/hosts");
  std::string address;
  std::string name;
  for (std::string line; name.empty() && std::getline(file, line);) {
    std::istringstream words(line);
    if (!(words >> address >> name) || address.find(':') != std::string::npos ||
        !net::Address::Parse(address, 1) || name.starts_with("localhost")) {
      name.clear();
    }
  }
  if (name.empty()) GTEST_SKIP() << "/etc/hosts has no name of its own";
  for (int i = 0; i < 2; ++i) {
    const auto query = Ask(name);
    EXPECT_FALSE(answer.has_value()) << "never from inside the call";
    ASSERT_TRUE(Answered());
    const auto addresses = Addresses();
    EXPECT_NE(std::find(addresses.begin(), addresses.end(), address + ":5900"), addresses.end());
  }
  EXPECT_EQ(server.queries, 0);
}

TEST_F(ResolverTest, Services) {
  server.services["_app._tcp.test"] = {{"b.test", 2, 20, 0}, {"a.test", 1, 10, 5}};
  std::optional<Resolver::Services> services;
  const auto ask = [&](const std::string& name) {
    services.reset();
    return resolver->ResolveService(name, Cached::kUse,
                                    [&](auto answered) { services = std::move(answered); });
  };
  auto query = ask("_app._tcp.test");
  EXPECT_FALSE(services.has_value()) << "never from inside the call";
  ASSERT_TRUE(RunUntil(loop, [&] { return services.has_value(); }));
  ASSERT_TRUE(*services) << services->error();
  EXPECT_EQ(services->value(), (std::vector<Service>{{"a.test", 1, 10, 5}, {"b.test", 2, 20, 0}}));
  query = ask("_App._tcp.test");
  ASSERT_TRUE(RunUntil(loop, [&] { return services.has_value(); }));
  EXPECT_TRUE(*services);
  EXPECT_EQ(server.queries, 1) << "it is kept, too";

  query = ask("_none._tcp.test");
  ASSERT_TRUE(RunUntil(loop, [&] { return services.has_value(); }));
  EXPECT_FALSE(*services);
  server.services["_off._tcp.test"] = {{"", 0, 0, 0}};
  query = ask("_off._tcp.test");
  ASSERT_TRUE(RunUntil(loop, [&] { return services.has_value(); }));
  ASSERT_FALSE(*services);
  EXPECT_EQ(services->error(), "the service is not offered");
}

TEST_F(ResolverTest, ServicesShareTheLoadByTheirWeights) {
  server.services["_app._tcp.test"] = {{"a.test", 1, 1, 90}, {"b.test", 1, 1, 10}};
  std::map<std::string, int> first;
  for (int i = 0; i < 500; ++i) {
    bool is_over = false;
    const auto query = resolver->ResolveService("_app._tcp.test", Cached::kUse, [&](auto answered) {
      is_over = true;
      ASSERT_TRUE(answered);
      ++first[answered->front().host];
    });
    ASSERT_TRUE(RunUntil(loop, [&] { return is_over; }));
  }
  EXPECT_GT(first["a.test"], 400);
  EXPECT_GT(first["b.test"], 10);
}

TEST_F(ResolverTest, ACancelledQueryIsNotAnswered) {
  server.names["a.test"] = {"192.0.2.1"};
  for (const char* host : {"a.test", "10.0.0.1", "localhost"}) {
    auto query = Ask(host);
    query.reset();
    const auto other =
        resolver->Resolve("a.test", 1, Cached::kUse, [this](Resolver::Answer a) { answer = a; });
    ASSERT_TRUE(Answered()) << "c-ares went on to the one behind it";
    RunTurns(loop, 3);
  }
}

TEST_F(ResolverTest, TheCallbackMayDestroyItsQueryAndAskAgain) {
  server.names["a.test"] = {"192.0.2.1"};
  for (const char* host : {"a.test", "10.0.0.1", "nobody.test"}) {
    std::unique_ptr<Resolver::Query> query;
    std::unique_ptr<Resolver::Query> second;
    answer.reset();
    query = resolver->Resolve(host, 1, Cached::kUse, [&](Resolver::Answer) {
      query.reset();
      second =
          resolver->Resolve("a.test", 1, Cached::kUse, [&](Resolver::Answer a) { answer = a; });
    });
    ASSERT_TRUE(Answered()) << host;
    EXPECT_TRUE(*answer);
  }
}

TEST_F(ResolverTest, DestroyedWithQueriesUnderWay) {
  server.silent = true;
  auto query = Ask("a.test");
  RunTurns(loop, 2);
  query.reset();
  resolver.reset();
  RunTurns(loop, 2);
  EXPECT_FALSE(answer.has_value());
}

}  // namespace
}  // namespace sluice::dns
