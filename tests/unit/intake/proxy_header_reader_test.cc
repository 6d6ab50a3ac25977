#include "intake/proxy_header_reader.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/base/bytes.h"

namespace sluice::intake {
namespace {

using metrics::ProxyHeader;

constexpr std::string_view kClient = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";

struct Case {
  const char* name;
  bool is_required;
  bool may_send_header;
  std::string sent;
  ProxyHeader result;
  std::string refusal;
  std::string received;
  std::string client = {};  // Empty: the header reports none.
};

const std::vector<Case> kCases = {
    {"a client", true, true, std::string(kClient) + "rest", ProxyHeader::kTaken, "", "rest",
     "192.0.2.1"},
    {"no client", true, true, "PROXY UNKNOWN\r\nrest", ProxyHeader::kLocal, "", "rest"},
    {"no header", false, true, "PROpose", ProxyHeader::kNone, "", "PROpose"},
    {"no header from another peer", false, false, "GET /", ProxyHeader::kNone, "", "GET /"},
    {"a required header is missing", true, true, "PROpose", ProxyHeader::kNone,
     "the connection does not begin with a PROXY header", "PROpose"},
    {"a header from another peer", false, false, std::string(kClient), ProxyHeader::kUntrusted,
     "you may not send a PROXY header here", std::string(kClient)},
};

TEST(ProxyHeaderReader, AcceptsWhatTheListenerAccepts) {
  for (const Case& wanted : kCases) {
    SCOPED_TRACE(wanted.name);
    const settings::ProxyProtocol protocol{.is_required = wanted.is_required, .from = {}};
    ProxyHeaderReader reader(protocol, wanted.may_send_header);
    const auto outcome = reader.Feed(base::AsBytes(wanted.sent));
    ASSERT_TRUE(outcome);
    EXPECT_EQ(outcome->result, wanted.result);
    EXPECT_EQ(outcome->refusal, wanted.refusal);
    EXPECT_EQ(std::string(outcome->received.begin(), outcome->received.end()), wanted.received);
    EXPECT_EQ(outcome->endpoints ? outcome->endpoints->source.ip.ToString() : "", wanted.client);
  }
}

TEST(ProxyHeaderReader, ReturnsTheBytesThatItHeldIfThereIsNoHeader) {
  const settings::ProxyProtocol protocol;
  ProxyHeaderReader reader(protocol, true);
  EXPECT_FALSE(reader.Feed(base::AsBytes(std::string_view("PRO"))));
  const auto outcome = reader.Feed(base::AsBytes(std::string_view("pose")));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->result, ProxyHeader::kNone);
  EXPECT_EQ(std::string(outcome->received.begin(), outcome->received.end()), "PROpose");
}

TEST(ProxyHeaderReader, RefusesAMalformedHeader) {
  const settings::ProxyProtocol protocol;
  ProxyHeaderReader reader(protocol, true);
  const auto outcome = reader.Feed(base::AsBytes(std::string_view("PROXY TCP4 nonsense\r\n")));
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->result, ProxyHeader::kMalformed);
  EXPECT_TRUE(outcome->refusal.starts_with("the PROXY header is not valid: ")) << outcome->refusal;
}

}  // namespace
}  // namespace sluice::intake
