#include "api/ticket_api.h"

#include <string>

#include <gtest/gtest.h>

namespace sluice::api {
namespace {

/// A route "vnc" that accepts tickets, one that also takes its server from them, and one that does
/// not accept tickets.
settings::Config TicketConfig() {
  settings::Config config;
  config.backends.push_back({"fixed", {}});
  config.backends.push_back({"named", {}});
  config.backends[1].is_from_token = true;
  for (const char* name : {"vnc", "any", "open"}) {
    settings::Route route;
    route.name = name;
    route.backend = config.routes.size() == 1 ? 1 : 0;
    if (config.routes.size() < 2) route.options.auth.push_back(settings::TicketAuth());
    config.routes.push_back(route);
  }
  return config;
}

TEST(TicketApi, IssuesATicketWithItsTerms) {
  auth::Tickets tickets;
  const auto issued = IssueTicket(TicketConfig(), tickets,
                                  R"({"route": "any", "user": "anna", "address": "192.0.2.1",
                                      "origin": "https://a.example", "server": "10.0.0.1:5900"})",
                                  base::TimePoint());
  ASSERT_TRUE(issued) << issued.error().why;
  EXPECT_EQ(issued->lifetime, auth::Tickets::kLifetime);
  EXPECT_EQ(issued->terms.user, "anna");
  EXPECT_EQ(issued->terms.address->ToString(), "192.0.2.1");
  EXPECT_EQ(*issued->terms.origin, "https://a.example");
  EXPECT_EQ(issued->terms.server->ToString(), "10.0.0.1:5900");
  const auto redeemed = tickets.Redeem(issued->ticket, "any", base::IpAddress::Parse("192.0.2.1"),
                                       "https://a.example", base::TimePoint());
  EXPECT_TRUE(redeemed) << redeemed.error();
}

TEST(TicketApi, RefusesWhatIsWrongWithItsReason) {
  const struct {
    const char* body;
    uint16_t status;
    const char* why;
  } rows[] = {
      {"", 400, "expected a JSON object"},
      {R"({"route": 1})", 400, "every value has to be a string"},
      {R"({"route": "vnc", "rout": "vnc"})", 400, "unknown key"},
      {R"({"route": "vnc", "address": "here"})", 400, "'address' is not an IP address"},
      {R"({"route": "vnc", "origin": "https://*.example"})", 400, "'origin' has to be"},
      {R"({"route": "any", "server": "nowhere"})", 400, "'server' is not host:port"},
      {R"({"route": "vnc", "server": "a:1"})", 400, "'server' is for a route with"},
      {R"({"route": "open"})", 404, "'route' is not the name of a route that takes tickets"},
      {R"({})", 404, "'route' is not the name of a route that takes tickets"},
  };
  auth::Tickets tickets;
  for (const auto& row : rows) {
    const auto refused = IssueTicket(TicketConfig(), tickets, row.body, base::TimePoint());
    ASSERT_FALSE(refused) << row.body;
    EXPECT_EQ(refused.error().status, row.status) << row.body;
    EXPECT_TRUE(refused.error().why.starts_with(row.why)) << row.body << refused.error().why;
  }
  EXPECT_EQ(tickets.size(), 0u);
}

}  // namespace
}  // namespace sluice::api
