// Dials to a server that has moved: DNS is asked again before the cached answer expires.
#include <gtest/gtest.h>

#include "dial/dial_harness.h"
#include "net/run_loop.h"
#include "net/sockets.h"

namespace sluice::dial {
namespace {

using base::Cause;
using net::testing::ListeningOnLoopback;
using net::testing::PortOf;
using net::testing::RunUntil;
using net::testing::Tcp;
using net::testing::Unanswering;
using testing::At;
using testing::kLong;
using testing::kShort;

using Cached = dns::Resolver::Cached;

constexpr bool kIsCached = true;

class DialRenewalTest : public testing::DialTest {
 protected:
  void Start() {
    DialTest::Start(Tcp("server.test", 77), Options{.timeout = kLong, .head_start = kShort});
    EXPECT_EQ(resolver.last_cached, Cached::kUse);
  }
  void StartService() {
    DialTest::Start({settings::Endpoint::Kind::kSrv, "_app._tcp.server.test", 0},
                    Options{.timeout = kLong, .head_start = kShort});
  }
  bool Renews() {
    return RunUntil(loop, [this] { return resolver.last_cached == Cached::kRenew; });
  }
};

TEST_F(DialRenewalTest, AfterEveryCachedAddressHasFailed) {
  const net::Fd listener = ListeningOnLoopback();
  Start();
  resolver.Answer({At("127.0.0.1", RefusingPort()), At("255.255.255.255", 1)}, kIsCached);
  ASSERT_TRUE(Renews());
  resolver.Answer({At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome);
  EXPECT_EQ(resolver.lookups, 2);
}

TEST_F(DialRenewalTest, OnceOnly) {
  const uint16_t port = RefusingPort();
  Start();
  resolver.Answer({At("127.0.0.1", port)}, kIsCached);
  ASSERT_TRUE(Renews());
  resolver.Answer({At("127.0.0.2", port)}, kIsCached);
  ExpectFailure(Cause::kBackendRefused,
                "127.0.0.2:" + std::to_string(port) + ": Connection refused");
  EXPECT_EQ(resolver.lookups, 2);
}

TEST_F(DialRenewalTest, AnAnswerThatDnsHasJustGivenIsNotRenewed) {
  const uint16_t port = RefusingPort();
  Start();
  resolver.Answer({At("127.0.0.1", port)});
  ExpectFailure(Cause::kBackendRefused,
                "127.0.0.1:" + std::to_string(port) + ": Connection refused");
  EXPECT_EQ(resolver.lookups, 1);
}

TEST_F(DialRenewalTest, AddressesThatWereTriedAreNotTriedAgain) {
  const uint16_t port = RefusingPort();
  Start();
  resolver.Answer({At("127.0.0.1", port)}, kIsCached);
  ASSERT_TRUE(Renews());
  resolver.Answer({At("127.0.0.1", port)});
  EXPECT_TRUE(outcome.has_value()) << "nothing is left to wait for";
  ExpectFailure(Cause::kBackendRefused,
                "127.0.0.1:" + std::to_string(port) + ": Connection refused");
}

TEST_F(DialRenewalTest, ARenewalThatFailsHidesNoFailure) {
  const uint16_t port = RefusingPort();
  Start();
  resolver.Answer({At("127.0.0.1", port)}, kIsCached);
  ASSERT_TRUE(Renews());
  resolver.Fail("Domain name not found");
  ExpectFailure(Cause::kBackendRefused,
                "127.0.0.1:" + std::to_string(port) + ": Connection refused");
}

TEST_F(DialRenewalTest, AnAddressThatDoesNotAnswerDelaysItByAHeadStart) {
  const Unanswering dead;
  const net::Fd listener = ListeningOnLoopback();
  Start();
  resolver.Answer({At("127.0.0.1", dead.port())}, kIsCached);
  ASSERT_TRUE(Renews());
  EXPECT_FALSE(outcome.has_value());
  resolver.Answer({At("127.0.0.1", dead.port()), At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome);
}

TEST_F(DialRenewalTest, NewAddressesMustBeAllowed) {
  const net::Fd listener = ListeningOnLoopback();
  const uint16_t port = PortOf(listener);
  const uint16_t refusing = RefusingPort();
  DialTest::Start(Tcp("server.test", 77),
                  Options{.timeout = kLong, .may_dial = [port](const net::Address& address) {
                            return address.port() != port;
                          }});
  resolver.Answer({At("127.0.0.1", refusing)}, kIsCached);
  ASSERT_TRUE(Renews());
  resolver.Answer({At("127.0.0.1", port)});
  ASSERT_TRUE(Over());
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error().cause, Cause::kBackendRefused);
}

TEST_F(DialRenewalTest, TheTargetsOfAServiceAndTheirAddresses) {
  const net::Fd listener = ListeningOnLoopback();
  const uint16_t refusing = RefusingPort();
  StartService();
  resolver.AnswerServices(std::vector<dns::Service>{{"old.test", refusing, 1, 1}}, kIsCached);
  resolver.Answer({At("127.0.0.1", refusing)}, kIsCached);
  ASSERT_TRUE(RunUntil(loop, [&] { return resolver.asked_for_services(); }));
  EXPECT_EQ(resolver.last_cached, Cached::kRenew);
  resolver.AnswerServices(std::vector<dns::Service>{{"old.test", refusing, 1, 1},
                                                    {"new.test", PortOf(listener), 1, 1}});
  EXPECT_EQ(resolver.last_host, "old.test");
  EXPECT_EQ(resolver.last_cached, Cached::kRenew) << "its address may have changed, too";
  resolver.Answer({At("127.0.0.1", refusing)});
  EXPECT_EQ(resolver.last_host, "new.test");
  resolver.Answer({At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome);
}

TEST_F(DialRenewalTest, TheTargetsThatAreKnownIfTheServiceCannotBeRenewed) {
  const net::Fd listener = ListeningOnLoopback();
  const uint16_t refusing = RefusingPort();
  StartService();
  resolver.AnswerServices(std::vector<dns::Service>{{"moved.test", refusing, 1, 1}}, kIsCached);
  resolver.Answer({At("127.0.0.1", refusing)}, kIsCached);
  ASSERT_TRUE(RunUntil(loop, [&] { return resolver.asked_for_services(); }));
  resolver.AnswerServices(base::Unexpected(std::string("Timeout while contacting DNS servers")));
  EXPECT_EQ(resolver.last_host, "moved.test");
  resolver.Answer({At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome);
}

TEST_F(DialRenewalTest, ATargetWhoseLookupFailsAfterTheRenewalHasBegun) {
  StartService();
  resolver.AnswerServices(std::vector<dns::Service>{{"gone.test", 1, 1, 1}}, kIsCached);
  ASSERT_TRUE(RunUntil(loop, [&] { return resolver.asked_for_services(); }));
  resolver.Fail("Domain name not found");
  resolver.AnswerServices(std::vector<dns::Service>{{"gone.test", 1, 1, 1}});
  EXPECT_EQ(resolver.last_host, "gone.test");
  resolver.Fail("Domain name not found");
  ExpectFailure(Cause::kBackendUnresolved, "gone.test: Domain name not found");
}

}  // namespace
}  // namespace sluice::dial
