// What the file says of proxies: `proxy_protocol` of listeners and backends, and `trusted_proxies`.
#include "config/proxy.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/config/loader.h"

#include "config/diagnostics.h"

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using testing::NoVariables;

LoadResult LoadProxy(const std::string& listener, const std::string& rest = "") {
  return LoadString(
      "routes: [{name: a, match: {path: /a}, backend: b}]\n"
      "listeners: [{address: 127.0.0.1:1" +
          listener + "}]\n" +
          (rest.find("backends") == std::string::npos ? "backends: {b: {servers: [a:1]}}\n" : "") +
          rest,
      "f", NoVariables);
}

// The first line of each error, without the file and the source.
std::vector<std::string> ProxyHeads(const std::string& listener, const std::string& rest = "") {
  return testing::Messages(LoadProxy(listener, rest));
}

std::optional<base::IpAddress> Ip(std::string_view text) {
  return base::IpAddress::Parse(text);
}

TEST(LoadProxy, NothingIsBelievedUnlessTheFileSaysSo) {
  const auto loaded = LoadProxy("");
  ASSERT_TRUE(loaded);
  EXPECT_FALSE(loaded->config.listeners[0].proxy_protocol);
  EXPECT_FALSE(loaded->config.trusted_proxies);
  EXPECT_EQ(loaded->config.backends[0].proxy_protocol, settings::SendProxy::kOff);
  EXPECT_FALSE(LoadProxy(", proxy_protocol: off")->config.listeners[0].proxy_protocol);
}

TEST(LoadProxy, AListenerTakesHeadersFromItsSources) {
  const auto loaded = LoadProxy(
      ", proxy_protocol: optional, proxy_protocol_from: [10.0.0.0/8, \"fd00::/8\", 192.0.2.1]");
  ASSERT_TRUE(loaded) << loaded.error()[0].ToString();
  const auto& protocol = loaded->config.listeners[0].proxy_protocol;
  ASSERT_TRUE(protocol);
  EXPECT_FALSE(protocol->is_required);
  for (const char* ip : {"10.1.2.3", "fd00::1", "192.0.2.1", "::ffff:10.1.2.3"}) {
    EXPECT_TRUE(protocol->from.Contain(Ip(ip))) << ip;
  }
  for (const char* ip : {"11.0.0.1", "fe80::1", "192.0.2.2"}) {
    EXPECT_FALSE(protocol->from.Contain(Ip(ip))) << ip;
  }
  EXPECT_FALSE(protocol->from.Contain(std::nullopt)) << "a Unix socket";
  const auto required = LoadProxy(", proxy_protocol: required, proxy_protocol_from: [unix]");
  ASSERT_TRUE(required) << required.error()[0].ToString();
  EXPECT_TRUE(required->config.listeners[0].proxy_protocol->is_required);
  EXPECT_TRUE(required->config.listeners[0].proxy_protocol->from.Contain(std::nullopt));
}

TEST(LoadProxy, TrustedProxiesAreAListOrAMapping) {
  const auto list = LoadProxy("", "trusted_proxies: [10.0.0.1]\n");
  ASSERT_TRUE(list) << list.error()[0].ToString();
  EXPECT_TRUE(list->config.trusted_proxies->from.Contain(Ip("10.0.0.1")));
  EXPECT_EQ(list->config.trusted_proxies->header, settings::ForwardedHeader::kXForwardedFor);
  const auto mapping = LoadProxy("", "trusted_proxies: {from: [unix], header: forwarded}\n");
  ASSERT_TRUE(mapping) << mapping.error()[0].ToString();
  EXPECT_TRUE(mapping->config.trusted_proxies->from.Contain(std::nullopt));
  EXPECT_EQ(mapping->config.trusted_proxies->header, settings::ForwardedHeader::kForwarded);
}

TEST(LoadProxy, ABackendSaysWhichVersionItTakes) {
  const auto of = [](const std::string& version) {
    const auto loaded =
        LoadProxy("", "backends: {b: {servers: [a:1], proxy_protocol: " + version + "}}\n");
    EXPECT_TRUE(loaded);
    return loaded->config.backends[0].proxy_protocol;
  };
  EXPECT_EQ(of("v1"), settings::SendProxy::kV1);
  EXPECT_EQ(of("v2"), settings::SendProxy::kV2);
  EXPECT_EQ(of("off"), settings::SendProxy::kOff);
}

TEST(LoadProxy, SaysWhatIsWrong) {
  EXPECT_THAT(ProxyHeads(", proxy_protocol: on"),
              ElementsAre("proxy_protocol: expected 'off', 'optional' or 'required', found 'on'"));
  EXPECT_THAT(ProxyHeads(", proxy_protocol: required"),
              ElementsAre("proxy_protocol: also needs 'proxy_protocol_from', the addresses of the "
                          "load balancers"));
  EXPECT_THAT(ProxyHeads(", proxy_protocol_from: [unix]"),
              ElementsAre("proxy_protocol_from: has no effect without 'proxy_protocol'"));
  EXPECT_THAT(ProxyHeads(", proxy_protocol: required, proxy_protocol_from: []"),
              ElementsAre("proxy_protocol_from: expected a list of one or more address ranges, "
                          "found an empty list"));
  EXPECT_THAT(
      ProxyHeads(", proxy_protocol: required, proxy_protocol_from: [10.0.0.1/8, lb]"),
      ElementsAre("proxy_protocol_from: '10.0.0.1/8' has bits behind its prefix; expected "
                  "10.0.0.0/8",
                  "proxy_protocol_from: expected an address range such as 10.0.0.0/8 or fd00::/8, "
                  "or one address, found 'lb'"));
  EXPECT_THAT(ProxyHeads("", "trusted_proxies: {header: via}\n"),
              ElementsAre("trusted_proxies: missing key 'from'",
                          "header: expected 'x_forwarded_for' or 'forwarded', found 'via'"));
  EXPECT_THAT(ProxyHeads("", "backends: {b: {servers: [a:1], proxy_protocol: v3}}\n"),
              ElementsAre("proxy_protocol: expected 'off', 'v1' or 'v2', found 'v3'"));
}

}  // namespace
}  // namespace sluice::config
