#include "sluice/auth/tickets.h"

#include <string>

#include <gtest/gtest.h>

#include "base/ip_text.h"

namespace sluice::auth {
namespace {

using namespace std::chrono_literals;
using base::testing::Ip;

TEST(Tickets, AreGoodOnce) {
  Tickets tickets;
  const base::TimePoint now{1h};
  const auto ticket = tickets.Issue({"vnc", "anna"}, now);
  ASSERT_TRUE(ticket);
  EXPECT_NE(tickets.Issue({"vnc"}, now), ticket);
  const auto terms = tickets.Redeem(*ticket, "vnc", Ip("::1"), "https://a", now + 14'999ms);
  ASSERT_TRUE(terms);
  EXPECT_EQ(terms->user, "anna");
  EXPECT_FALSE(tickets.Redeem(*ticket, "vnc", Ip("::1"), "https://a", now));
}

TEST(Tickets, AreUsedUpInTheWrongPlace) {
  Tickets tickets;
  const base::TimePoint now{1h};
  const auto redeem = [&](const TicketTerms& terms, const char* route, const char* address,
                          std::optional<std::string_view> origin, base::Duration later) {
    const auto ticket = tickets.Issue(terms, now);
    const auto redeemed = tickets.Redeem(*ticket, route, Ip(address), origin, now + later);
    EXPECT_EQ(tickets.size(), 0U);
    return redeemed.has_value();
  };
  const TicketTerms bound{"vnc", "", Ip("10.0.0.1"), "https://a"};
  EXPECT_TRUE(redeem(bound, "vnc", "::ffff:10.0.0.1", "https://a", 0s));
  EXPECT_FALSE(redeem(bound, "ssh", "10.0.0.1", "https://a", 0s));
  EXPECT_FALSE(redeem(bound, "vnc", "10.0.0.2", "https://a", 0s));
  EXPECT_FALSE(redeem(bound, "vnc", "10.0.0.1", "https://b", 0s));
  EXPECT_FALSE(redeem(bound, "vnc", "10.0.0.1", std::nullopt, 0s));
  EXPECT_FALSE(redeem(bound, "vnc", "10.0.0.1", "https://a", 15s));
}

}  // namespace
}  // namespace sluice::auth
