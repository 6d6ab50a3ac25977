#include "sluice/dial/dial.h"

#include <filesystem>

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
using net::testing::Unix;
using testing::At;
using testing::DialTest;
using testing::kSecondHost;

TEST_F(DialTest, Connects) {
  const net::Fd listener = ListeningOnLoopback();
  Start(Tcp("server.test", 77));
  EXPECT_EQ(resolver.last_host, "server.test");
  EXPECT_EQ(resolver.last_port, 77);
  resolver.Answer({At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  ASSERT_TRUE(*outcome) << outcome->error().detail;
  dial.reset();  // The stream does not need it.

  auto& stream = *outcome->value();
  const net::Fd peer = net::testing::AcceptFrom(listener);
  EXPECT_TRUE(stream.writable());
  EXPECT_EQ(stream.Write(base::AsBytes("hello")).bytes, 5u);
  EXPECT_EQ(net::testing::Available(peer), "hello");
}

TEST_F(DialTest, Refused) {
  const uint16_t port = RefusingPort();
  Start(Tcp("server.test", 77));
  resolver.Answer({At("127.0.0.1", port)});
  ExpectFailure(Cause::kBackendRefused,
                "127.0.0.1:" + std::to_string(port) + ": Connection refused");
}

TEST_F(DialTest, AnInterfaceThatThisMachineDoesNotHave) {
  Start(Tcp("fe80::1%sluice-none", 77));
  ExpectFailure(Cause::kBackendUnreachable,
                "[fe80::1%sluice-none]:77: this machine has no network interface 'sluice-none'; "
                "check the zone after the % of the address ('ip link' lists the interfaces)");
  EXPECT_EQ(resolver.lookups, 0);
}

TEST_F(DialTest, ALinkLocalAddressOfAName) {
  Start(Tcp("server.test", 77));
  resolver.Answer({At("fe80::1", 77)});
  ExpectFailure(Cause::kBackendUnreachable,
                "[fe80::1]:77: a link-local address needs a zone, which only a server of the "
                "configuration can have");
}

TEST_F(DialTest, TheSecondAddressWorks) {
  const net::Fd listener = ListeningOnLoopback();
  Start(Tcp("server.test", 77));
  resolver.Answer({At("127.0.0.1", RefusingPort()), At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome);
}

TEST_F(DialTest, AnAddressThatDoesNotAnswerUsesItsShareOnly) {
  const Unanswering dead;
  const net::Fd listener = ListeningOnLoopback();
  Start(Tcp("server.test", 77), base::Duration(400));
  resolver.Answer({At("127.0.0.1", dead.port()), At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome) << "the second had its chance";
}

TEST_F(DialTest, TimesOut) {
  const Unanswering dead;
  Start(Tcp("server.test", 77), base::Duration(50));
  resolver.Answer({At("127.0.0.1", dead.port())});
  ExpectFailure(Cause::kBackendConnectTimeout,
                "127.0.0.1:" + std::to_string(dead.port()) + ": Connection timed out");
}

TEST_F(DialTest, OfSeveralFailuresTheOneThatSaysMost) {
  const Unanswering dead;
  const Unanswering other(kSecondHost);
  const uint16_t refusing = RefusingPort();
  Start(Tcp("server.test", 77), base::Duration(100));
  resolver.Answer({At("127.0.0.1", refusing), At("127.0.0.1", dead.port())});
  ExpectFailure(Cause::kBackendRefused,
                "127.0.0.1:" + std::to_string(dead.port()) + ": Connection timed out");
  Start(Tcp("server.test", 77), base::Duration(100));
  resolver.Answer({At("127.0.0.2", other.port()), At("255.255.255.255", 1)});
  ASSERT_TRUE(Over());
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error().cause, Cause::kBackendConnectTimeout);
}

TEST_F(DialTest, Unreachable) {
  Start(Tcp("server.test", 77));
  resolver.Answer({At("255.255.255.255", 1)});  // No connection can be made to a broadcast.
  ASSERT_TRUE(Over());
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error().cause, Cause::kBackendUnreachable);
}

TEST_F(DialTest, Unresolved) {
  Start(Tcp("server.test", 77));
  resolver.Fail("Domain name not found");
  ExpectFailure(Cause::kBackendUnresolved, "server.test: Domain name not found");
  Start(Tcp("server.test", 77));
  resolver.Answer({});
  ExpectFailure(Cause::kBackendUnresolved, "server.test: the name has no address");
}

TEST_F(DialTest, TheNameIsNotResolvedInTime) {
  Start(Tcp("server.test", 77), base::Duration(20));
  ExpectFailure(Cause::kBackendConnectTimeout, "server.test: the name was not resolved in time");
  EXPECT_FALSE(resolver.asked()) << "the query is cancelled though the dial still stands";
  resolver.Answer({At("127.0.0.1", 1)});
  RunTurns(loop, 2);
}

TEST_F(DialTest, WithoutATimeoutItWaits) {
  const net::Fd listener = ListeningOnLoopback();
  Start(Tcp("server.test", 77), base::Duration(0));
  RunTurns(loop, 5);
  EXPECT_FALSE(outcome.has_value());
  resolver.Answer({At("127.0.0.1", PortOf(listener))});
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome);
}

TEST_F(DialTest, CancelledWhileItResolves) {
  Start(Tcp("server.test", 77));
  dial.reset();
  EXPECT_FALSE(resolver.asked());
  RunTurns(loop, 3);
  EXPECT_FALSE(outcome.has_value());
}

TEST_F(DialTest, CancelledWhileItConnects) {
  const net::Fd listener = ListeningOnLoopback();
  Start(Tcp("server.test", 77), base::Duration(10));
  resolver.Answer({At("127.0.0.1", PortOf(listener))});
  dial.reset();
  const auto until = net::EventLoop::Now() + base::Duration(30);
  RunUntil(loop, [&] { return net::EventLoop::Now() > until; });
  EXPECT_FALSE(outcome.has_value());
}

TEST_F(DialTest, TheCallbackMayDestroyTheDial) {
  const net::Fd listener = ListeningOnLoopback();
  for (const uint16_t port : {PortOf(listener), RefusingPort()}) {
    bool called = false;
    dial = std::make_unique<Dial>(loop, resolver, Tcp("server.test", 77),
                                  Options{.timeout = base::Duration(5000)}, [&](Dial::Outcome) {
                                    called = true;
                                    dial.reset();
                                  });
    resolver.Answer({At("127.0.0.1", port)});
    EXPECT_TRUE(RunUntil(loop, [&] { return called; }));
  }
}

TEST_F(DialTest, APreambleIsSentFirst) {
  const net::Fd listener = ListeningOnLoopback();
  Start(Tcp("127.0.0.1", PortOf(listener)), Options{.preamble = {'P', 'R', 'E'}});
  ASSERT_TRUE(Over());
  ASSERT_TRUE(*outcome);
  outcome->value()->Write(base::AsBytes(" and more"));
  EXPECT_EQ(net::testing::Available(net::testing::AcceptFrom(listener)), "PRE and more");
}

TEST_F(DialTest, OnlyAllowedAddressesAreDialled) {
  const net::Fd listener = ListeningOnLoopback();
  const uint16_t port = PortOf(listener);
  std::vector<std::string> asked;
  const auto options = [&](std::string allowed) {
    asked.clear();
    return Options{.may_dial = [&asked, allowed](const net::Address& address) {
      asked.push_back(address.ToString());
      return asked.back().starts_with(allowed);
    }};
  };
  Start(Tcp("server.test", port), options("127.0.0.1:"));
  resolver.Answer({At("10.0.0.1", port), At("127.0.0.1", port)});
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome);
  EXPECT_EQ(asked.size(), 2u);

  const std::string suffix = ':' + std::to_string(port);
  Start(Tcp("server.test", port), options("10."));
  resolver.Answer({At("127.0.0.1", port), At("127.0.0.2", port)});
  ExpectFailure(Cause::kTargetNotAllowed,
                "server.test" + suffix + ": 127.0.0.1" + suffix + " is not allowed");
  Start(Tcp("127.0.0.1", port), options("10."));
  ExpectFailure(Cause::kTargetNotAllowed,
                "127.0.0.1" + suffix + ": 127.0.0.1" + suffix + " is not allowed");
  Start(Unix("/run/none"), options("10."));
  ExpectFailure(Cause::kTargetNotAllowed, "unix:/run/none: unix is not allowed");
}

TEST_F(DialTest, UnixSocket) {
  std::string directory = ::testing::TempDir() + "sluiceXXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  const std::string path = directory + "/s";
  Start(Unix(path));
  ExpectFailure(Cause::kBackendUnreachable, "unix:" + path + ": No such file or directory");

  net::Fd listener(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  path.copy(name.sun_path, sizeof(name.sun_path) - 1);
  ASSERT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&name), sizeof(name)), 0);
  Start(Unix(path));
  ExpectFailure(Cause::kBackendRefused, "unix:" + path + ": Connection refused");

  ASSERT_EQ(listen(listener.get(), 4), 0);
  Start(Unix(path));
  ASSERT_TRUE(Over());
  EXPECT_TRUE(*outcome);

  Start(Unix("/" + std::string(200, 'x')));
  ASSERT_TRUE(Over());
  ASSERT_FALSE(*outcome);
  EXPECT_EQ(outcome->error().cause, Cause::kBackendUnreachable);

  Start(Unix(path));
  dial.reset();
  RunTurns(loop, 3);
  EXPECT_FALSE(outcome.has_value());
  std::filesystem::remove_all(directory);
}

}  // namespace
}  // namespace sluice::dial
