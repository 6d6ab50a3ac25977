// What the file says of servers that are WebSockets, and of listeners of plain TCP.
#include "config/websocket.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/config/loader.h"

#include "config/diagnostics.h"

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Messages;

std::optional<std::string> Variables(const std::string& name) {
  return name == "TOKEN" ? std::optional<std::string>("t0ken") : std::nullopt;
}

LoadResult LoadWebSocketBackend(const std::string& backend) {
  return LoadString(
      "listeners: [\"1\"]\nroutes: [{name: a, match: {path: /a}, backend: b}]\n"
      "backends: {b: {" +
          backend + "}}\n",
      "f", Variables);
}

LoadResult LoadTcp(const std::string& listener, const std::string& route) {
  return LoadString("listeners: [{address: 127.0.0.1:1, name: raw, protocol: tcp" + listener +
                        "}, \"127.0.0.1:2\"]\nroutes: [{name: a, " + route + "}]\n",
                    "f", Variables);
}

TEST(LoadWebSocket, WssIsTlsByItself) {
  const auto loaded = LoadWebSocketBackend("servers: [\"wss://a/x\", \"wss://b/y\"]");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.backends[0].tls, settings::BackendTls());
  EXPECT_EQ(loaded->config.backends[0].servers[1].address.target, "/y");
  EXPECT_EQ(loaded->config.backends[0].websocket, settings::WebSocketClient());
  EXPECT_FALSE(LoadWebSocketBackend("servers: [\"ws://a/x\"]")->config.backends[0].tls);
}

TEST(LoadWebSocket, ItsTlsHasSettings) {
  const auto loaded =
      LoadWebSocketBackend("servers: [\"wss://a/x\"], tls: {server_name: b.example}");
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.backends[0].tls->server_name, "b.example");
}

TEST(LoadWebSocket, TheShortFormToo) {
  const auto loaded = LoadString(
      "listeners: [\"1\"]\nroutes: [{name: a, match: {path: /a}, backend: \"wss://a/x?y\"}]\n", "f",
      Variables);
  ASSERT_TRUE(loaded);
  EXPECT_TRUE(loaded->config.backends[0].tls);
  EXPECT_EQ(loaded->config.backends[0].name, "wss://a/x");
}

TEST(LoadWebSocket, UrlsThatDifferInTheirQueriesNeedNames) {
  const auto loaded = LoadString(
      "listeners: [\"1\"]\nroutes:\n- {name: a, match: {path: /a}, backend: \"ws://a/x?1\"}\n"
      "- {name: b, match: {path: /b}, backend: \"ws://a/x?2\"}\n",
      "f", Variables);
  EXPECT_THAT(Messages(loaded), ElementsAre(HasSubstr("the same URL with another query")));
  EXPECT_THAT(Messages(LoadWebSocketBackend("servers: [\"ws://a/x?1\", \"ws://a/x?2\"]")),
              ElementsAre(HasSubstr("'ws://a/x' is in the list twice")));
}

TEST(LoadWebSocket, HowItIsAskedFor) {
  const auto loaded = LoadWebSocketBackend(
      "servers: [\"ws://a/x\"], websocket: {subprotocol: mqtt, origin: \"https://A.example\", "
      "headers: {Authorization: \"Bearer ${TOKEN}\", X-Number: 7}}");
  ASSERT_TRUE(loaded) << loaded.error()[0].ToString();
  const settings::WebSocketClient& client = loaded->config.backends[0].websocket;
  EXPECT_EQ(client.subprotocol, "mqtt");
  EXPECT_EQ(client.origin, "https://a.example");
  EXPECT_THAT(client.headers, ElementsAre(settings::UpgradeHeader{"Authorization", "Bearer t0ken"},
                                          settings::UpgradeHeader{"X-Number", "7"}));
}

TEST(LoadWebSocket, WhatIsWrongIsTold) {
  const std::string servers = "servers: [\"ws://a/x\"], ";
  EXPECT_THAT(Messages(LoadWebSocketBackend("servers: [\"ws://a/x\", \"wss://a/y\"]")),
              ElementsAre(HasSubstr("all ws://, all wss://, or none of them")));
  EXPECT_THAT(Messages(LoadWebSocketBackend("servers: [\"ws://a/x\", a:1]")),
              ElementsAre(HasSubstr("all ws://, all wss://, or none of them")));
  EXPECT_THAT(Messages(LoadWebSocketBackend(servers + "tls: {}")),
              ElementsAre(HasSubstr("expected wss://")));
  EXPECT_THAT(Messages(LoadWebSocketBackend("servers: [a:1], websocket: {subprotocol: x}")),
              ElementsAre(HasSubstr("needs servers that are WebSockets")));
  EXPECT_THAT(
      Messages(LoadWebSocketBackend(servers + "websocket: {origin: \"https://*.example\"}")),
      ElementsAre(HasSubstr("expected one origin")));
  EXPECT_THAT(Messages(LoadWebSocketBackend(servers + "websocket: {headers: {Host: a}}")),
              ElementsAre(HasSubstr("'Host' is a header that the upgrade itself sets")));
  EXPECT_THAT(Messages(LoadWebSocketBackend(servers + "websocket: {headers: {\"a b\": a}}")),
              ElementsAre(HasSubstr("expected the name of a header")));
  EXPECT_THAT(
      Messages(LoadWebSocketBackend(servers + "websocket: {headers: {A: \"x\\r\\nB: y\"}}")),
      ElementsAre(HasSubstr("expected a text of one line")));
  EXPECT_THAT(Messages(LoadWebSocketBackend(servers + "websocket: {headers: {A: x, a: y}}")),
              ElementsAre(HasSubstr("'a' is in the mapping twice")));
}

TEST(LoadTcpListener, TakesARouteOfItsOwn) {
  const auto loaded = LoadTcp("", "match: {listener: raw}, backend: \"a:1\"");
  ASSERT_TRUE(loaded) << loaded.error()[0].ToString();
  EXPECT_EQ(loaded->config.listeners[0].protocol, settings::ListenerProtocol::kTcp);
  EXPECT_EQ(loaded->config.listeners[1].protocol, settings::ListenerProtocol::kWebSocket);
  EXPECT_TRUE(LoadTcp("", "match: {listener: raw}, backend: \"ws://a/\", framing: lines"));
}

TEST(LoadTcpListener, WhatIsOfRequestsIsAnError) {
  EXPECT_THAT(Messages(LoadTcp("", "match: {listener: raw, path: /x}, backend: \"a:1\"")),
              ElementsAre(HasSubstr("bring no request")));
  EXPECT_THAT(Messages(LoadTcp("",
                               "match: {listener: raw}, backend: \"a:1\", framing: lines, "
                               "origins: [\"*\"], compression: {enabled: true}")),
              ElementsAre(HasSubstr("framing"), HasSubstr("origins"), HasSubstr("compression")));
  EXPECT_THAT(Messages(LoadString("listeners: [{address: 127.0.0.1:1, protocol: udp}]\n"
                                  "routes: [{name: a, match: {path: /a}, backend: \"a:1\"}]\n",
                                  "f", Variables)),
              ElementsAre(HasSubstr("expected 'websocket' or 'tcp', found 'udp'")));
}

TEST(LoadTcpListener, WaitsForNoFirstByte) {
  EXPECT_THAT(Messages(LoadTcp(", tls: {mode: auto, certificates: [{cert: c, key: k}]}",
                               "match: {listener: raw}, backend: \"a:1\"")),
              ElementsAre(HasSubstr("'mode: auto' waits for the client's first byte")));
}

}  // namespace
}  // namespace sluice::config
