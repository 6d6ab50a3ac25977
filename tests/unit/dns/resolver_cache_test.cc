// Answers that are cached, shared and renewed.
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/dns/resolver.h"

#include "dns/resolver_fixture.h"
#include "net/run_loop.h"

namespace sluice::dns {
namespace {

using net::testing::RunUntil;
using testing::DnsServer;
using testing::ResolverTest;

TEST_F(ResolverTest, ThoseWhoAskTheSameAtOnceShareTheQuestion) {
  server.names["a.test"] = {"192.0.2.1"};
  std::vector<std::unique_ptr<Resolver::Query>> queries;
  std::vector<std::string> answers;
  for (const uint16_t port : std::array<uint16_t, 3>{1, 2, 3}) {
    queries.push_back(
        resolver->Resolve(port == 2 ? "A.test" : "a.test", port, Cached::kUse, [&](auto a) {
          ASSERT_TRUE(a);
          answers.push_back(a->front().ToString());
        }));
  }
  EXPECT_TRUE(RunUntil(loop, [&] { return answers.size() == 3; }));
  EXPECT_EQ(answers, (std::vector<std::string>{"192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3"}));
  EXPECT_LE(server.queries, 4) << "A and AAAA, and once more if DNS is slow";
}

TEST_F(ResolverTest, AnAnswerIsKeptForAsLongAsItsRecordsLive) {
  server.names["a.test"] = {"192.0.2.1"};
  server.lifetime = 1;
  auto query = Ask("a.test");
  ASSERT_TRUE(Answered());
  const int asked = server.queries;
  server.names["a.test"] = {"192.0.2.2"};
  query = Ask("A.TEST");
  EXPECT_FALSE(answer.has_value()) << "never from inside the call";
  ASSERT_TRUE(Answered());
  EXPECT_EQ(Addresses(), (std::vector<std::string>{"192.0.2.1:5900"}));
  EXPECT_EQ(server.queries, asked);
  const auto until = net::EventLoop::Now() + base::Duration(1'100);
  RunUntil(loop, [&] { return net::EventLoop::Now() > until; });
  query = Ask("a.test");
  ASSERT_TRUE(Answered());
  EXPECT_EQ(Addresses(), (std::vector<std::string>{"192.0.2.2:5900"}));
}

TEST_F(ResolverTest, RenewsACachedAnswerAtMostOncePerInterval) {
  server.names["a.test"] = {"192.0.2.1"};
  auto query = Ask("a.test");
  ASSERT_TRUE(Answered());
  EXPECT_FALSE(query->IsRenewable()) << "DNS has just answered";
  server.names["a.test"] = {"192.0.2.2"};
  query = Ask("a.test");
  ASSERT_TRUE(Answered());
  EXPECT_EQ(Addresses(), (std::vector<std::string>{"192.0.2.1:5900"}));
  EXPECT_TRUE(query->IsRenewable()) << "the answer was in the cache";

  query = Ask("A.test", Cached::kRenew);
  EXPECT_FALSE(answer.has_value()) << "never from inside the call";
  ASSERT_TRUE(Answered());
  EXPECT_EQ(Addresses(), (std::vector<std::string>{"192.0.2.2:5900"}));
  const int asked = server.queries;
  server.names["a.test"] = {"192.0.2.3"};
  for (const Cached cached : {Cached::kUse, Cached::kRenew, Cached::kRenew}) {
    query = Ask("a.test", cached);
    ASSERT_TRUE(Answered());
    EXPECT_EQ(Addresses(), (std::vector<std::string>{"192.0.2.2:5900"}));
  }
  EXPECT_EQ(server.queries, asked) << "another renewal has to wait";
}

TEST_F(ResolverTest, ACachedAnswerOutlivesARenewalThatFails) {
  server.names["a.test"] = {"192.0.2.1"};
  auto query = Ask("a.test");
  ASSERT_TRUE(Answered());
  server.names.clear();
  query = Ask("a.test", Cached::kRenew);
  ASSERT_TRUE(Answered());
  EXPECT_FALSE(*answer);
  query = Ask("a.test");
  ASSERT_TRUE(Answered());
  EXPECT_TRUE(*answer) << "its records still live";
}

TEST_F(ResolverTest, DialsThatFailTogetherShareTheRenewal) {
  server.names["a.test"] = {"192.0.2.1"};
  auto query = Ask("a.test");
  ASSERT_TRUE(Answered());
  const int asked = server.queries;
  server.names["a.test"] = {"192.0.2.2"};
  std::vector<std::unique_ptr<Resolver::Query>> queries;
  std::vector<std::string> answers;
  for (int i = 0; i < 3; ++i) {
    queries.push_back(resolver->Resolve("a.test", 1, Cached::kRenew, [&](Resolver::Answer a) {
      ASSERT_TRUE(a);
      answers.push_back(a->front().ToString());
    }));
  }
  ASSERT_TRUE(RunUntil(loop, [&] { return answers.size() == 3; }));
  EXPECT_EQ(answers, (std::vector<std::string>(3, "192.0.2.2:1")));
  EXPECT_LE(server.queries, asked + 4) << "A and AAAA, and once more if DNS is slow";
}

TEST_F(ResolverTest, AServiceIsRenewedInTheSameWay) {
  server.services["_app._tcp.test"] = {{"a.test", 1, 1, 1}};
  std::optional<Resolver::Services> services;
  const auto ask = [&](Cached cached) {
    services.reset();
    return resolver->ResolveService("_app._tcp.test", cached,
                                    [&](auto answered) { services = std::move(answered); });
  };
  auto query = ask(Cached::kUse);
  ASSERT_TRUE(RunUntil(loop, [&] { return services.has_value(); }));
  server.services["_app._tcp.test"] = {{"b.test", 1, 1, 1}};
  for (int i = 0; i < 2; ++i) {
    query = ask(Cached::kRenew);
    ASSERT_TRUE(RunUntil(loop, [&] { return services.has_value(); }));
    EXPECT_EQ(services->value().front().host, "b.test");
  }
  EXPECT_EQ(server.queries, 2);
}

TEST_F(ResolverTest, ARenewalWaitsForTheFamilyThatIsMissing) {
  server.names["a.test"] = {"192.0.2.1", "2001:db8::1"};
  server.silent_types = {DnsServer::kAaaa};
  Make(base::Duration(300));
  auto query = Ask("a.test");
  ASSERT_TRUE(Answered());
  server.silent_types.clear();  // From the second attempt on DNS answers.
  query = Ask("a.test", Cached::kRenew);
  ASSERT_TRUE(Answered());
  EXPECT_EQ(Addresses(), (std::vector<std::string>{"192.0.2.1:5900", "[2001:db8::1]:5900"}));
}

TEST_F(ResolverTest, TakesTheCacheOfAnother) {
  server.names["a.test"] = {"192.0.2.1"};
  auto query = Ask("a.test");
  ASSERT_TRUE(Answered());
  query.reset();
  const auto previous = std::move(resolver);
  Make(base::Duration(3000));
  resolver->MoveCacheFrom(*previous);
  const int asked = server.queries;
  query = Ask("a.test");
  ASSERT_TRUE(Answered());
  EXPECT_EQ(Addresses(), (std::vector<std::string>{"192.0.2.1:5900"}));
  EXPECT_EQ(server.queries, asked);
}

TEST_F(ResolverTest, WhatHasNoLifetimeIsAskedForEachTime) {
  server.names["a.test"] = {"192.0.2.1"};
  server.lifetime = 0;
  auto query = Ask("a.test");
  ASSERT_TRUE(Answered());
  const int asked = server.queries;
  query = Ask("a.test");
  ASSERT_TRUE(Answered());
  EXPECT_GT(server.queries, asked);

  server.lifetime = 60;
  Make(base::Duration(3000), base::Duration(0));
  query = Ask("a.test");
  ASSERT_TRUE(Answered());
  const int before = server.queries;
  query = Ask("a.test");
  ASSERT_TRUE(Answered());
  EXPECT_GT(server.queries, before) << "the configuration bounds the lifetime";
}

TEST_F(ResolverTest, AFailureIsNotKept) {
  auto query = Ask("late.test");
  ASSERT_TRUE(Answered());
  ASSERT_FALSE(*answer);
  server.names["late.test"] = {"192.0.2.1"};
  query = Ask("late.test");
  ASSERT_TRUE(Answered());
  EXPECT_TRUE(*answer);
}

}  // namespace
}  // namespace sluice::dns
