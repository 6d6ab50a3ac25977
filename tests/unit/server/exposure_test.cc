#include "sluice/server/exposure.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::server {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StartsWith;

settings::Listener ListenerAt(const std::string& host) {
  return {{settings::Endpoint::Kind::kTcp, host, 80}};
}

settings::Route RouteTo(std::string name, bool has_auth) {
  settings::Route route;
  route.name = std::move(name);
  route.backend = 0;
  if (has_auth) route.options.auth.emplace_back(settings::TicketAuth{});
  return route;
}

settings::Config Example() {
  settings::Config config;
  config.listeners = {ListenerAt("0.0.0.0")};
  config.routes = {RouteTo("open", false), RouteTo("closed", true)};
  settings::Route page;
  page.name = "page";
  page.is_console = true;
  config.routes.push_back(page);
  return config;
}

TEST(Exposure, IsOfRoutesWithoutAuth) {
  const settings::Config config = Example();
  EXPECT_THAT(FindExposure(config).routes, ElementsAre("open"));
  EXPECT_TRUE(FindExposure(config).to_other_machines);
}

TEST(Exposure, IsLocalOnLoopbackAndUnixSockets) {
  settings::Config config = Example();
  config.listeners = {ListenerAt("127.0.0.1"), ListenerAt("::1")};
  config.listeners.push_back({{settings::Endpoint::Kind::kUnix, "/run/x.sock", 0}});
  EXPECT_FALSE(FindExposure(config).to_other_machines);
  for (const char* host : {"::", "10.0.0.1", "::ffff:10.0.0.1"}) {
    config.listeners.back() = ListenerAt(host);
    EXPECT_TRUE(FindExposure(config).to_other_machines) << host;
  }
}

TEST(Exposure, ARouteOfAnyHostIsReachedByRebinding) {
  EXPECT_THAT(FindExposure(Example()).of_any_host, ElementsAre("open"));
  const auto after = [](auto change) {
    settings::Config config = Example();
    change(config);
    return FindExposure(config).of_any_host;
  };
  EXPECT_THAT(after([](auto& c) { c.hosts = {"a.example"}; }), IsEmpty());
  EXPECT_THAT(after([](auto& c) { c.hosts = {"*"}; }), IsEmpty()) << "on purpose";
  EXPECT_THAT(after([](auto& c) { c.listeners[0].hosts = {"a.example"}; }), IsEmpty());
  EXPECT_THAT(after([](auto& c) { c.listeners[0] = ListenerAt("127.0.0.1"); }), IsEmpty());
  EXPECT_THAT(after([](auto& c) { c.routes[0].match.host = "a.example"; }), IsEmpty());
  EXPECT_THAT(after([](auto& c) { c.routes[0].options.origins = {"https://a.example"}; }),
              IsEmpty());
  EXPECT_THAT(after([](auto& c) {
                c.listeners.push_back(ListenerAt("127.0.0.1"));
                c.routes[0].match.listeners = {1};
              }),
              IsEmpty());
  EXPECT_THAT(after([](auto& c) { c.listeners[0].protocol = settings::ListenerProtocol::kTcp; }),
              IsEmpty())
      << "a client of plain TCP is no browser";
}

TEST(Exposure, OnlyARouteOfAnyHostHasAWarning) {
  settings::Config config = Example();
  const auto warning = AnyHostWarning(config, config.routes[0]);
  ASSERT_TRUE(warning);
  EXPECT_THAT(*warning, StartsWith("route 'open' is open to any host name: "));
  EXPECT_FALSE(AnyHostWarning(config, config.routes[1])) << "it needs a ticket";
  EXPECT_FALSE(AnyHostWarning(config, config.routes[2])) << "it is a page";
  config.listeners[0].tls.emplace();
  config.listeners[0].tls->client_certificate = settings::ClientCertificate::kRequired;
  EXPECT_FALSE(AnyHostWarning(config, config.routes[0]));
}

TEST(Exposure, ARouteForCertificatesIsNotOpen) {
  settings::Config config = Example();
  config.routes[0].match.certificate = {"alice"};
  EXPECT_THAT(FindExposure(config).routes, IsEmpty());
}

TEST(Exposure, AListenerThatAsksForCertificatesExposesNothing) {
  settings::Config config = Example();
  config.listeners[0].tls.emplace();
  config.listeners[0].tls->client_certificate = settings::ClientCertificate::kRequired;
  EXPECT_THAT(FindExposure(config).routes, IsEmpty());
  EXPECT_FALSE(FindExposure(config).to_other_machines);
  config.listeners[0].tls->mode = settings::TlsMode::kAuto;
  EXPECT_THAT(FindExposure(config).routes, ElementsAre("open")) << "plain clients show none";
  config.listeners[0].tls->mode = settings::TlsMode::kRequired;
  config.listeners[0].tls->client_certificate = settings::ClientCertificate::kOptional;
  EXPECT_THAT(FindExposure(config).routes, ElementsAre("open"));
  config.listeners.push_back(ListenerAt("127.0.0.1"));
  config.listeners[0].tls->client_certificate = settings::ClientCertificate::kRequired;
  EXPECT_THAT(FindExposure(config).routes, ElementsAre("open"));
  EXPECT_FALSE(FindExposure(config).to_other_machines);
}

TEST(Exposure, ListsTwentyRoutes) {
  EXPECT_EQ(ListOf({}), "");
  EXPECT_EQ(ListOf({"a", "b"}), "a, b");
  EXPECT_EQ(ListOf(std::vector<std::string_view>(22, "r")).substr(52), ", r, r and 2 more");
}

}  // namespace
}  // namespace sluice::server
