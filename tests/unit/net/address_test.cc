#include "sluice/net/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/un.h>

namespace sluice::net {
namespace {

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
