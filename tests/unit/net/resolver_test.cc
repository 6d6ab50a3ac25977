#include "sluice/net/resolver.h"

#include <algorithm>
#include <optional>

#include <gtest/gtest.h>

#include "net/dns_server.h"
#include "net/run_loop.h"

namespace sluice::net {
namespace {

using testing::DnsServer;
using testing::RunTurns;
using testing::RunUntil;

class ResolverTest : public ::testing::Test {
 protected:
  ResolverTest() { Make(base::Duration(3000)); }

  void Make(base::Duration timeout) {
    config::Dns dns;
    dns.servers = {server.address()};
    dns.timeout = timeout;
    dns.attempts = 2;
    auto made = Resolver::Create(loop, dns);
    EXPECT_TRUE(made) << made.error();
    resolver = *std::move(made);
  }

  std::unique_ptr<Resolver::Query> Ask(const std::string& host) {
    answer.reset();
    return resolver->Resolve(host, 5900, [this](Resolver::Answer a) {
      EXPECT_FALSE(answer.has_value()) << "told once";
      answer.emplace(std::move(a));
    });
  }
  bool Answered() {
    return RunUntil(loop, [this] { return answer.has_value(); });
  }
  /// The addresses as text, in a fixed order.
  std::vector<std::string> Addresses() const {
    std::vector<std::string> texts;
    if (!*answer) return {answer->error()};
    for (const auto& address : answer->value()) texts.push_back(address.ToString());
    std::sort(texts.begin(), texts.end());
    return texts;
  }

  EventLoop loop;
  DnsServer server{loop};
  std::unique_ptr<Resolver> resolver;
  std::optional<Resolver::Answer> answer;
};

TEST_F(ResolverTest, ALiteralIsItsOwnAnswer) {
  for (const char* host : {"10.1.2.3", "::1"}) {
    const auto query = Ask(host);
    EXPECT_FALSE(answer.has_value()) << "never from inside the call";
    ASSERT_TRUE(Answered());
    ASSERT_TRUE(*answer);
    ASSERT_EQ(answer->value().size(), 1u);
    EXPECT_EQ(answer->value()[0].ToString(), Address::Parse(host, 5900)->ToString());
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
    queries.push_back(resolver->Resolve("a.test", 1, [&](Resolver::Answer a) {
      EXPECT_TRUE(a);
      ++answered;
    }));
  }
  EXPECT_TRUE(RunUntil(loop, [&] { return answered == 20; }));
}

TEST_F(ResolverTest, ACancelledQueryIsNotAnswered) {
  server.names["a.test"] = {"192.0.2.1"};
  for (const char* host : {"a.test", "10.0.0.1", "localhost"}) {
    auto query = Ask(host);
    query.reset();
    const auto other = resolver->Resolve("a.test", 1, [this](Resolver::Answer a) { answer = a; });
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
    query = resolver->Resolve(host, 1, [&](Resolver::Answer) {
      query.reset();
      second = resolver->Resolve("a.test", 1, [&](Resolver::Answer a) { answer = a; });
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
}  // namespace sluice::net
