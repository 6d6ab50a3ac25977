#include "dns/service_records.h"

#include <string>

#include <gtest/gtest.h>

namespace sluice::dns {
namespace {

using std::chrono::seconds;

std::string Number(size_t value, size_t size) {
  std::string bytes(size, '\0');
  for (size_t i = size; i-- > 0; value >>= 8) bytes[i] = static_cast<char>(value & 0xff);
  return bytes;
}

const std::string kPointer = Number(0xc00c, 2);  // To the name of the question.

std::string Record(size_t type, size_t lifetime, const std::string& data) {
  return kPointer + Number(type, 2) + Number(1, 2) + Number(lifetime, 4) + Number(data.size(), 2) +
         data;
}

std::string Srv(size_t lifetime, uint16_t port, const std::string& labels) {
  return Record(33, lifetime, Number(10, 2) + Number(20, 2) + Number(port, 2) + labels);
}

/// An answer to a question for `_a.b`.
std::string Message(const std::vector<std::string>& records) {
  std::string message = Number(0x12348180, 4) + Number(1, 2) + Number(records.size(), 2) +
                        Number(0, 4) + std::string("\2_a\1b\0", 6) + Number(33, 2) + Number(1, 2);
  for (const auto& record : records) message += record;
  return message;
}

auto Parse(const std::string& message) {
  return ParseServiceRecords(base::AsBytes(message));
}

const std::string kHost("\4host\1b\0", 8);

TEST(ServiceRecords, AreReadWithTheirLifetime) {
  const auto records = Parse(Message({Record(5, 40, kHost), Srv(60, 5900, kHost),
                                      Record(1, 3, "\x7f\0\0\1"), Srv(90, 22, "\1x" + kPointer)}));
  ASSERT_TRUE(records) << records.error();
  EXPECT_EQ(records->services,
            (std::vector<Service>{{"host.b", 5900, 10, 20}, {"x._a.b", 22, 10, 20}}));
  EXPECT_EQ(records->lifetime, seconds(40)) << "the alias counts, other records do not";
  EXPECT_EQ(Parse(Message({Srv(0xffffffff, 1, kHost)}))->lifetime, seconds(0));
}

TEST(ServiceRecords, ThatSayNoAreNone) {
  const std::string root(1, '\0');
  for (const auto& message :
       {Message({}), Message({Srv(60, 5900, root)}), Message({Srv(60, 0, kHost)})}) {
    const auto records = Parse(message);
    ASSERT_FALSE(records);
    EXPECT_EQ(records.error(), "the service is not offered");
  }
}

TEST(ServiceRecords, CutAnywhereAreMalformed) {
  const std::string whole = Message({Srv(60, 5900, kHost), Srv(60, 5901, kHost)});
  ASSERT_TRUE(Parse(whole));
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto records = Parse(whole.substr(0, size));
    ASSERT_FALSE(records) << size;
  }
  // A name that points to itself.
  EXPECT_FALSE(Parse(Message({Srv(60, 1, Number(0xc000 + 35, 2) + Number(0xc000 + 34, 2))})));
}

}  // namespace
}  // namespace sluice::dns
