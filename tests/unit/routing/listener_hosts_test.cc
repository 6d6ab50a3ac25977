#include "sluice/routing/listener_hosts.h"

#include <string>

#include <gtest/gtest.h>

namespace sluice::routing {
namespace {

settings::Config At(const std::string& host) {
  settings::Config config;
  config.listeners.push_back({{settings::Endpoint::Kind::kTcp, host, 80}});
  return config;
}

void AddRoute(settings::Config& config, const std::string& host) {
  settings::Route route;
  route.match.host = host;
  config.routes.push_back(route);
}

bool Accepts(const settings::Config& config, std::string_view host, size_t listener = 0) {
  const auto names = HostNamesOf(config, listener);
  return !names || names->Contain(host);
}

TEST(HostNamesOf, OnLoopbackOnlyWhatIsConfigured) {
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1"}) {
    settings::Config config = At(address);
    EXPECT_TRUE(Accepts(config, "localhost")) << address;
    EXPECT_TRUE(Accepts(config, "10.0.0.1")) << address;
    EXPECT_FALSE(Accepts(config, "example.com")) << address;
    config.hosts = {"example.com"};
    EXPECT_TRUE(Accepts(config, "example.com")) << address;
    config.hosts = {"*"};
    EXPECT_TRUE(Accepts(config, "other.example")) << address;
  }
}

TEST(HostNamesOf, ElsewhereAnyNameUnlessSomeAreConfigured) {
  for (const char* address : {"0.0.0.0", "::", "10.0.0.1", "128.0.0.1"}) {
    settings::Config config = At(address);
    EXPECT_TRUE(Accepts(config, "example.com")) << address;
    config.hosts = {"example.com"};
    EXPECT_TRUE(Accepts(config, "example.com")) << address;
    EXPECT_TRUE(Accepts(config, "localhost")) << address;
    EXPECT_TRUE(Accepts(config, "10.0.0.1")) << address;
    EXPECT_FALSE(Accepts(config, "other.example")) << address;
  }
  settings::Config config;
  config.listeners.push_back({{settings::Endpoint::Kind::kUnix, "/run/a.sock", 0}});
  EXPECT_TRUE(Accepts(config, "example.com"));
}

TEST(HostNamesOf, TheListenersOwnReplaceTheGlobalOnes) {
  settings::Config config = At("127.0.0.1");
  config.hosts = {"a.example"};
  config.listeners[0].hosts = {"b.example"};
  EXPECT_FALSE(Accepts(config, "a.example"));
  EXPECT_TRUE(Accepts(config, "b.example"));
}

TEST(HostNamesOf, TheHostsOfRoutesCount) {
  settings::Config config = At("127.0.0.1");
  config.listeners.push_back(config.listeners[0]);
  AddRoute(config, "a.example");
  AddRoute(config, "*.lab.example");
  AddRoute(config, "{token}.t.example");
  AddRoute(config, "only-second.example");
  config.routes.back().match.listeners = {1};
  AddRoute(config, "");
  EXPECT_TRUE(Accepts(config, "a.example"));
  EXPECT_TRUE(Accepts(config, "x.lab.example"));
  EXPECT_TRUE(Accepts(config, "secret.t.example"));
  EXPECT_FALSE(Accepts(config, "t.example"));
  EXPECT_FALSE(Accepts(config, "only-second.example"));
  EXPECT_TRUE(Accepts(config, "only-second.example", 1));
}

}  // namespace
}  // namespace sluice::routing
