// Several addresses of one server, and the targets of SRV records: which is tried when.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <vector>

#include <gtest/gtest.h>

#include "dial/dial_harness.h"
#include "net/run_loop.h"
#include "net/sockets.h"

namespace sluice::dial {
namespace {

using base::Cause;
using net::testing::ListeningOnLoopback;
using net::testing::PortOf;
using net::testing::RunTurns;
using net::testing::RunUntil;
using net::testing::Tcp;
using net::testing::Unanswering;
using testing::At;
using testing::kLong;
using testing::kSecondHost;
using testing::kShort;

/// A listener that takes a connection late: its backlog is full until it is told.
class Reluctant {
 public:
  net::Address address() const { return At("127.0.0.1", PortOf(listener_)); }
  /// Takes what fills the backlog, so that the kernel's next try of the one that waits succeeds.
  void Relent() {
    for (int i = 0; i < 2; ++i) taken_.push_back(net::testing::AcceptFrom(listener_));
  }

 private:
  net::Fd listener_ = ListeningOnLoopback(1);
  net::Fd fillers_[2] = {net::testing::ConnectTo(PortOf(listener_)),
                         net::testing::ConnectTo(PortOf(listener_))};
  std::vector<net::Fd> taken_;
};

class DialAddressesTest : public testing::DialTest {
 protected:
  void Start(base::Duration timeout, base::Duration head_start) {
    DialTest::Start(Tcp("server.test", 77), Options{.timeout = timeout, .head_start = head_start});
  }
  void StartService(base::Duration timeout, base::Duration head_start) {
    DialTest::Start({settings::Endpoint::Kind::kSrv, "_app._tcp.server.test", 0},
                    Options{.timeout = timeout, .head_start = head_start});
  }
};

TEST_F(DialAddressesTest, TheNextHasItsTurnWhenTheHeadStartIsOver) {
  const Unanswering dead;
  const net::Fd listener = ListeningOnLoopback();
  Start(kLong, kShort);
  resolver.Answer({At("127.0.0.1", dead.port()), At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  ASSERT_TRUE(*outcome) << outcome->error().detail;
  EXPECT_TRUE(net::testing::AcceptFrom(listener));
}

TEST_F(DialAddressesTest, AFailureStartsTheNextAtOnce) {
  const net::Fd listener = ListeningOnLoopback();
  Start(kLong, kLong);  // Nobody waits for a head start here.
  resolver.Answer({At("127.0.0.1", RefusingPort()), At("255.255.255.255", 1),
                   At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome);
}

TEST_F(DialAddressesTest, TheFirstGoesOnMeanwhile) {
  Reluctant reluctant;
  const Unanswering dead(kSecondHost);
  Start(kLong, kShort);
  resolver.Answer({reluctant.address(), At("127.0.0.2", dead.port())});
  const auto until = net::EventLoop::Now() + 5 * kShort;
  RunUntil(loop, [&] { return net::EventLoop::Now() > until; });
  EXPECT_FALSE(outcome.has_value()) << "both are under way";
  reluctant.Relent();
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome) << "the head start that it had was no limit";
}

TEST_F(DialAddressesTest, TheFirstThatConnectsWins) {
  const net::Fd first = ListeningOnLoopback();
  const net::Fd second = ListeningOnLoopback();
  Start(kLong, kLong);
  resolver.Answer({At("127.0.0.1", PortOf(first)), At("127.0.0.1", PortOf(second))});
  ASSERT_TRUE(Over());
  ASSERT_TRUE(*outcome);
  EXPECT_EQ(outcome->value()->Write(base::AsBytes("hello")).bytes, 5u);
  EXPECT_EQ(net::testing::Available(net::testing::AcceptFrom(first)), "hello");
}

TEST_F(DialAddressesTest, AHeadStartLeavesEachItsTurn) {
  const Unanswering dead;
  const Unanswering other(kSecondHost);
  const net::Fd listener = ListeningOnLoopback();
  Start(base::Duration(300), kLong);
  resolver.Answer({At("127.0.0.1", dead.port()), At("127.0.0.2", other.port()),
                   At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome);
}

TEST_F(DialAddressesTest, TheDeadlineIsOfAllTogether) {
  const Unanswering dead;
  const Unanswering other(kSecondHost);
  Start(base::Duration(100), kShort);
  resolver.Answer({At("127.0.0.1", dead.port()), At("127.0.0.2", other.port())});
  ExpectFailure(Cause::kBackendConnectTimeout,
                "127.0.0.2:" + std::to_string(other.port()) + ": Connection timed out");
}

TEST_F(DialAddressesTest, AnyNumberOfAddressesIsBounded) {
  const Unanswering dead;
  const net::Fd listener = ListeningOnLoopback();
  const auto descriptors = [] {
    const std::filesystem::directory_iterator open("/proc/self/fd");
    return std::distance(begin(open), end(open));
  };
  std::vector<net::Address> addresses(40, At("127.0.0.1", dead.port()));
  addresses.push_back(At("127.0.0.1", PortOf(listener)));
  Start(kLong, base::Duration(10));
  const auto before = descriptors();
  auto most = before;
  resolver.Answer(addresses);
  ASSERT_TRUE(RunUntil(loop, [&] {
    most = std::max(most, descriptors());
    return outcome.has_value();
  }));
  EXPECT_TRUE(*outcome) << "the last has its turn, too";
  EXPECT_EQ(most - before, 8);
}

TEST_F(DialAddressesTest, CancelledWithSeveralUnderWay) {
  const Unanswering dead;
  const Unanswering other(kSecondHost);
  Start(kLong, base::Duration(10));
  resolver.Answer({At("127.0.0.1", dead.port()), At("127.0.0.2", other.port())});
  const auto until = net::EventLoop::Now() + 3 * kShort;
  RunUntil(loop, [&] { return net::EventLoop::Now() > until; });
  dial.reset();
  RunTurns(loop, 3);
  EXPECT_FALSE(outcome.has_value());
}

// ---- SRV records ----

TEST_F(DialAddressesTest, AServiceIsDialledAtItsTarget) {
  const net::Fd listener = ListeningOnLoopback();
  StartService(kLong, kShort);
  resolver.AnswerServices(std::vector<dns::Service>{{"one.test", PortOf(listener), 1, 1}});
  EXPECT_EQ(resolver.last_host, "one.test");
  EXPECT_EQ(resolver.last_port, PortOf(listener));
  resolver.Answer({At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome);
}

TEST_F(DialAddressesTest, TheNextTargetWhenTheFirstFails) {
  const net::Fd listener = ListeningOnLoopback();
  StartService(kLong, kLong);
  resolver.AnswerServices(std::vector<dns::Service>{{"gone.test", 1, 1, 1},
                                                    {"refuses.test", 2, 1, 1},
                                                    {"empty.test", 3, 1, 1},
                                                    {"good.test", 4, 2, 1}});
  EXPECT_EQ(resolver.last_host, "gone.test");
  resolver.Fail("Domain name not found");
  EXPECT_EQ(resolver.last_host, "refuses.test");
  resolver.Answer({At("127.0.0.1", RefusingPort())});
  ASSERT_TRUE(RunUntil(loop, [&] { return resolver.last_host == "empty.test"; }));
  resolver.Answer({});
  EXPECT_EQ(resolver.last_host, "good.test");
  resolver.Answer({At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome);
}

TEST_F(DialAddressesTest, ATargetOfTheSamePriorityAfterAHeadStart) {
  const Unanswering dead;
  const net::Fd listener = ListeningOnLoopback();
  StartService(kLong, kShort);
  resolver.AnswerServices(
      std::vector<dns::Service>{{"dead.test", 1, 1, 1}, {"good.test", 2, 1, 1}});
  resolver.Answer({At("127.0.0.1", dead.port())});
  ASSERT_TRUE(RunUntil(loop, [&] { return resolver.last_host == "good.test"; }));
  resolver.Answer({At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome);
}

TEST_F(DialAddressesTest, ATargetOfLesserPriorityWaitsForItsShareOfTheTime) {
  const Unanswering dead;
  const net::Fd listener = ListeningOnLoopback();
  StartService(base::Duration(400), base::Duration(10));
  const auto begin = net::EventLoop::Now();
  resolver.AnswerServices(
      std::vector<dns::Service>{{"dead.test", 1, 1, 1}, {"backup.test", 2, 2, 1}});
  resolver.Answer({At("127.0.0.1", dead.port())});
  ASSERT_TRUE(RunUntil(loop, [&] { return resolver.last_host == "backup.test"; }));
  EXPECT_GE(net::EventLoop::Now() - begin, base::Duration(150)) << "not after its head start";
  resolver.Answer({At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome);
}

TEST_F(DialAddressesTest, ALookupThatHangsDelaysTheNextTargetByAHeadStart) {
  const net::Fd listener = ListeningOnLoopback();
  StartService(kLong, kShort);
  resolver.AnswerServices(
      std::vector<dns::Service>{{"slow.test", 1, 1, 1}, {"good.test", 2, 1, 1}});
  EXPECT_EQ(resolver.last_host, "slow.test");
  ASSERT_TRUE(RunUntil(loop, [&] { return resolver.last_host == "good.test"; }));
  resolver.AnswerFor("good.test", {At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome);
  EXPECT_FALSE(resolver.asked()) << "the lookup that hangs is cancelled";
}

TEST_F(DialAddressesTest, ALookupThatHangsDelaysALesserTargetByItsShareAtMost) {
  const net::Fd listener = ListeningOnLoopback();
  StartService(base::Duration(400), base::Duration(10));
  const auto begin = net::EventLoop::Now();
  resolver.AnswerServices(
      std::vector<dns::Service>{{"slow.test", 1, 1, 1}, {"backup.test", 2, 2, 1}});
  ASSERT_TRUE(RunUntil(loop, [&] { return resolver.last_host == "backup.test"; }));
  EXPECT_GE(net::EventLoop::Now() - begin, base::Duration(150)) << "not after a head start";
  resolver.AnswerFor("backup.test", {At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome);
}

TEST_F(DialAddressesTest, ASlowLookupOfTheBetterTargetIsStillUsed) {
  const Unanswering dead;
  const net::Fd listener = ListeningOnLoopback();
  StartService(kLong, kShort);
  resolver.AnswerServices(
      std::vector<dns::Service>{{"slow.test", 1, 1, 1}, {"dead.test", 2, 1, 1}});
  ASSERT_TRUE(RunUntil(loop, [&] { return resolver.last_host == "dead.test"; }));
  resolver.AnswerFor("dead.test", {At("127.0.0.1", dead.port())});
  resolver.AnswerFor("slow.test", {At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome);
}

TEST_F(DialAddressesTest, TheTimeIsOverWhileTwoTargetsAreResolved) {
  StartService(base::Duration(100), kShort);
  resolver.AnswerServices(std::vector<dns::Service>{{"one.test", 1, 1, 1}, {"two.test", 2, 1, 1}});
  ExpectFailure(Cause::kBackendConnectTimeout,
                "_app._tcp.server.test: the name was not resolved in time");
  EXPECT_FALSE(resolver.asked());
}

TEST_F(DialAddressesTest, AServiceThatIsNotThere) {
  StartService(kLong, kShort);
  resolver.AnswerServices(base::Unexpected(std::string("Domain name not found")));
  ExpectFailure(Cause::kBackendUnresolved, "_app._tcp.server.test: Domain name not found");
  StartService(kLong, kShort);
  resolver.AnswerServices(std::vector<dns::Service>{{"one.test", 1, 1, 1}});
  resolver.Fail("Timeout while contacting DNS servers");
  ExpectFailure(Cause::kBackendUnresolved, "one.test: Timeout while contacting DNS servers");
  StartService(kShort, kShort);
  ExpectFailure(Cause::kBackendConnectTimeout,
                "_app._tcp.server.test: the name was not resolved in time");
}

TEST_F(DialAddressesTest, CancelledWhileATargetIsResolved) {
  StartService(kLong, kShort);
  resolver.AnswerServices(std::vector<dns::Service>{{"one.test", 1, 1, 1}});
  EXPECT_TRUE(resolver.asked());
  dial.reset();
  EXPECT_FALSE(resolver.asked());
  RunTurns(loop, 3);
  EXPECT_FALSE(outcome.has_value());
}

}  // namespace
}  // namespace sluice::dial
