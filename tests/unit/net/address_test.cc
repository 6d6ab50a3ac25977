#include "sluice/net/address.h"

#include <string>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <net/if.h>
#include <sys/un.h>

#include "net/sockets.h"

namespace sluice::net {
namespace {

using testing::Tcp;
using testing::Unix;

TEST(AddressTest, ParsesAndWritesLiterals) {
  const struct {
    const char* host;
    const char* text;
    sa_family_t family;
  } rows[] = {
      {"127.0.0.1", "127.0.0.1:5900", AF_INET},
      {"0.0.0.0", "0.0.0.0:5900", AF_INET},
      {"::1", "[::1]:5900", AF_INET6},
      {"2001:DB8:0:0::1", "[2001:db8::1]:5900", AF_INET6},
      {"::ffff:10.0.0.1", "10.0.0.1:5900", AF_INET6},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.host);
    const auto address = Address::Parse(row.host, 5900);
    ASSERT_TRUE(address.has_value());
    EXPECT_EQ(address->family(), row.family);
    EXPECT_EQ(address->port(), 5900);
    EXPECT_EQ(address->ToString(), row.text);
    EXPECT_EQ(address->size(), row.family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6));
    EXPECT_EQ(Address::From(address->get()).ToString(), row.text);
  }
}

TEST(AddressTest, APortThatIsNotKnownIsNotWritten) {
  EXPECT_EQ(Address::Parse("192.0.2.1", 0)->ToString(), "192.0.2.1");
  EXPECT_EQ(Address::Parse("2001:db8::1", 0)->ToString(), "2001:db8::1");
  EXPECT_EQ(Address::Parse("::ffff:192.0.2.1", 0)->ToString(), "192.0.2.1");
}

TEST(AddressTest, AZoneIsTheNameOrTheNumberOfAnInterface) {
  const unsigned loopback = if_nametoindex("lo");
  for (const std::string& zone : {std::string("lo"), std::to_string(loopback)}) {
    const auto address = Address::Of(Tcp("fe80::1%" + zone, 22));
    ASSERT_TRUE(address) << address.error();
    ASSERT_TRUE(*address);
    EXPECT_EQ((*address)->scope_id(), loopback);
    EXPECT_EQ((*address)->ToString(), "[fe80::1%lo]:22");
    EXPECT_EQ((*address)->ip(), base::IpAddress::Parse("fe80::1"));
    EXPECT_EQ(Address::From((*address)->get()), **address);
    EXPECT_NE(Address::Parse("fe80::1", 22), **address);
  }
  auto address = **Address::Of(Tcp("fe80::1%lo", 22));
  address.set_port(0);
  EXPECT_EQ(address.ToString(), "fe80::1%lo");
}

TEST(AddressTest, AnInterfaceThatThisMachineDoesNotHaveIsAnError) {
  for (const std::string zone : {"sluice-none", "4294967295"}) {
    const auto address = Address::Of(Tcp("fe80::1%" + zone, 22));
    ASSERT_FALSE(address);
    EXPECT_EQ(address.error(),
              "this machine has no network interface '" + zone +
                  "'; check the zone after the % of the address ('ip link' lists the interfaces)");
  }
  EXPECT_EQ(ZoneOf(4294967295U), "4294967295");
}

TEST(AddressTest, IsOfPlacesThatAreIpAddresses) {
  EXPECT_EQ((*Address::Of(Tcp("10.0.0.1", 22)))->ToString(), "10.0.0.1:22");
  EXPECT_EQ((*Address::Of({settings::Endpoint::Kind::kWss, "::1", 443}))->ToString(), "[::1]:443");
  EXPECT_FALSE(*Address::Of(Tcp("name.test", 22)));
  EXPECT_FALSE(*Address::Of(Unix("/run/a%b")));
  EXPECT_FALSE(*Address::Of({settings::Endpoint::Kind::kSrv, "10.0.0.1", 0}));
}

TEST(AddressTest, AZoneIsForPlacesOfTheConfigurationOnly) {
  EXPECT_FALSE(Address::Parse("fe80::1%lo", 22));
}

TEST(AddressTest, NamesAreNoLiterals) {
  for (const char* host : {"", "localhost", "1.2.3", "1.2.3.4.5", "[::1]", "::g", "1.2.3.4 "}) {
    EXPECT_FALSE(Address::Parse(host, 1).has_value()) << host;
  }
}

TEST(AddressTest, OtherFamiliesAreNobody) {
  sockaddr_un name{};
  name.sun_family = AF_UNIX;
  EXPECT_EQ(Address::From(reinterpret_cast<const sockaddr*>(&name)).ToString(), "unix");
  EXPECT_EQ(Address().ToString(), "unix");
}

TEST(AddressTest, GivesAndTakesItsIp) {
  for (const char* host : {"10.0.0.1", "fd00::5"}) {
    const auto address = *Address::Parse(host, 80);
    ASSERT_TRUE(address.ip());
    EXPECT_EQ(address.ip()->ToString(), host);
    EXPECT_EQ(Address::From(*address.ip(), 80).ToString(), address.ToString());
  }
  EXPECT_EQ(Address::Parse("::ffff:10.0.0.1", 1)->ip(), base::IpAddress::Parse("10.0.0.1"));
  EXPECT_FALSE(Address().ip());
}

TEST(AddressTest, SetsThePort) {
  auto address = *Address::Parse("::1", 1);
  address.set_port(65535);
  EXPECT_EQ(address.port(), 65535);
  EXPECT_EQ(address.ToString(), "[::1]:65535");
}

}  // namespace
}  // namespace sluice::net
