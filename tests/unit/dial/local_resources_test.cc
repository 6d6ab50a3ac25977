// Dials for which there is no descriptor or no port.
#include "dial/local_resources.h"

#include <cerrno>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/un.h>

#include "dial/dial_harness.h"
#include "net/sockets.h"

namespace sluice::dial {
namespace {

using base::Cause;
using net::testing::ListeningOnLoopback;
using net::testing::PortOf;
using net::testing::Tcp;
using testing::At;

/// As long as it exists, the process can open no descriptor.
class NoDescriptors {
 public:
  NoDescriptors() {
    EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &before_), 0);
    const int lowest = open("/dev/null", O_RDONLY | O_CLOEXEC);
    EXPECT_GE(lowest, 0);
    close(lowest);
    const rlimit none{static_cast<rlim_t>(lowest), before_.rlim_max};
    EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  }
  ~NoDescriptors() { EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &before_), 0); }
  NoDescriptors(const NoDescriptors&) = delete;
  NoDescriptors& operator=(const NoDescriptors&) = delete;

 private:
  rlimit before_{};
};

bool IsLack(int error, const net::Address& address) {
  return IsLackOfResources(error, address.get(), address.size());
}

TEST(LocalResourcesTest, Errors) {
  const net::Address loopback = At("127.0.0.1", 1);
  for (const int error : {EMFILE, ENFILE, ENOMEM, ENOBUFS}) {
    EXPECT_TRUE(IsLackOfResources(error)) << error;
    EXPECT_TRUE(IsLack(error, loopback)) << error;
  }
  for (const int error : {EADDRNOTAVAIL, EAGAIN}) EXPECT_TRUE(IsLack(error, loopback)) << error;
  for (const int error : {ECONNREFUSED, ETIMEDOUT, EHOSTUNREACH, EACCES, EPERM}) {
    EXPECT_FALSE(IsLackOfResources(error)) << error;
    EXPECT_FALSE(IsLack(error, loopback)) << error;
  }
}

TEST(LocalResourcesTest, AnAddressThatCannotBeReachedIsNoLack) {
  EXPECT_FALSE(IsLack(EADDRNOTAVAIL, At("255.255.255.255", 1)));
}

TEST(LocalResourcesTest, AFullBacklogOfAUnixSocketIsNoLack) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  EXPECT_FALSE(IsLackOfResources(EAGAIN, reinterpret_cast<sockaddr*>(&name), sizeof(name)));
}

TEST(LocalResourcesTest, Sockets) {
  EXPECT_FALSE(IsOutOfSockets());
  const NoDescriptors none;
  EXPECT_TRUE(IsOutOfSockets());
}

class DialResourcesTest : public testing::DialTest {
 protected:
  void SetUp() override {
#ifdef __SANITIZE_ADDRESS__
    GTEST_SKIP() << "UndefinedBehaviorSanitizer, in the same preset, needs descriptors of its own";
#endif
  }
};

TEST_F(DialResourcesTest, NoDescriptorForAConnection) {
  const net::Fd listener = ListeningOnLoopback();
  Start(Tcp("server.test", 77));
  {
    const NoDescriptors none;
    // The answer was in the cache, but says nothing about the server.
    resolver.Answer({At("127.0.0.1", PortOf(listener))}, /*is_renewable=*/true);
  }
  ExpectFailure(Cause::kLocalResources,
                "127.0.0.1:" + std::to_string(PortOf(listener)) + ": Too many open files");
  EXPECT_EQ(resolver.lookups, 1);
}

TEST_F(DialResourcesTest, NoDescriptorForALookup) {
  Start(Tcp("server.test", 77));
  {
    const NoDescriptors none;
    resolver.Fail("Could not contact DNS servers");
  }
  ExpectFailure(Cause::kLocalResources,
                "server.test: no socket to ask DNS with: Could not contact DNS servers");
}

TEST_F(DialResourcesTest, AnAddressThatCouldNotBeTriedOutranksOthers) {
  const uint16_t port = RefusingPort();
  Start({settings::Endpoint::Kind::kSrv, "_app._tcp.server.test", 0});
  resolver.AnswerServices(
      std::vector<dns::Service>{{"one.test", port, 1, 1}, {"two.test", port, 1, 1}});
  {
    const NoDescriptors none;
    resolver.Answer({At("127.0.0.1", port)});
  }
  resolver.Answer({At("127.0.0.2", port)});
  ExpectFailure(Cause::kLocalResources,
                "127.0.0.2:" + std::to_string(port) + ": Connection refused");
}

}  // namespace
}  // namespace sluice::dial
