// The opening handshake: what is let in, what is refused and in which words.
#include "sluice/websocket/handshake.h"

#include <cctype>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace sluice::websocket {
namespace {

constexpr std::string_view kExampleKey = "dGhlIHNhbXBsZSBub25jZQ==";  // RFC 6455 section 1.3.

UpgradeFields GoodFields() {
  return {.upgrade = "websocket",
          .connection = "Upgrade",
          .version = "13",
          .key = kExampleKey,
          .key_count = 1,
          .protocol = "",
          .extensions = ""};
}

TEST(AcceptTest, TheExampleOfTheRfc) {
  EXPECT_EQ(AcceptFor(kExampleKey), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST(AcceptTest, OtherKeys) {
  // Computed with `openssl dgst -sha1 -binary | base64`.
  EXPECT_EQ(AcceptFor("AAAAAAAAAAAAAAAAAAAAAA=="), "ICX+Yqv66kxgM0FcWaLWlFLwTAI=");
  EXPECT_EQ(AcceptFor("/////////////////////w=="), "XXpj4jYzLM2yUE0C7TIgMwTQh2g=");
}

TEST(CheckUpgradeTest, WhatTheClientsSend) {
  struct {
    const char* client;
    std::string_view upgrade, connection, protocol;
  } const kClients[] = {
      {"Chromium", "websocket", "Upgrade", ""},
      {"one that says more", "websocket", "keep-alive, Upgrade", ""},
      {"undici", "websocket", "upgrade", ""},
      {"autobahn", "WebSocket", "Upgrade", "a,b"},
      {"websockets", "websocket", "Upgrade", "a, b"},
      {"MQTT.js", "websocket", "Upgrade", "mqtt"},
      {"MQTT.js with MQIsdp", "websocket", "Upgrade", "mqttv3.1"},
      {"wisp-js", "websocket", "Upgrade", "wisp-v2"},
      {"a proxy that adds to the lists", "h2c ,\twebsocket", ",keep-alive,, UPGRADE ,", " a ,, b,"},
  };
  for (const auto& client : kClients) {
    UpgradeFields fields = GoodFields();
    fields.upgrade = client.upgrade;
    fields.connection = client.connection;
    fields.protocol = client.protocol;
    const auto result = CheckUpgrade(fields);
    EXPECT_TRUE(result) << client.client << ": " << (result ? "" : result.error().detail);
  }
}

constexpr auto kBadRequest = base::Cause::kBadRequest;
constexpr auto kUnsupportedVersion = base::Cause::kUnsupportedVersion;

struct Refusal {
  const char* name;
  void (*spoil)(UpgradeFields&);
  base::Cause cause;
  std::string_view detail;
};

constexpr std::string_view kNoUpgrade = "the Upgrade header does not contain 'websocket'";
constexpr std::string_view kNoConnection = "the Connection header does not contain 'Upgrade'";
constexpr std::string_view kVersion = "Sec-WebSocket-Version must be 13 (RFC 6455)";
constexpr std::string_view kNoKey = "the Sec-WebSocket-Key header is missing";
constexpr std::string_view kManyKeys = "there is more than one Sec-WebSocket-Key header";
constexpr std::string_view kBadKey = "Sec-WebSocket-Key must be the base64 form of 16 bytes";
constexpr std::string_view kBadOffers = "Sec-WebSocket-Protocol must be a list of different tokens";
constexpr std::string_view kBadExtensions =
    "Sec-WebSocket-Extensions lacks a parameter's name behind a ';'";

const Refusal kRefusals[] = {
    {"no upgrade", [](UpgradeFields& f) { f.upgrade = ""; }, kBadRequest, kNoUpgrade},
    {"other upgrade", [](UpgradeFields& f) { f.upgrade = "h2c"; }, kBadRequest, kNoUpgrade},
    {"upgrade with more", [](UpgradeFields& f) { f.upgrade = "websocket2"; }, kBadRequest,
     kNoUpgrade},
    {"upgrade not split", [](UpgradeFields& f) { f.upgrade = "h2c websocket"; }, kBadRequest,
     kNoUpgrade},
    {"no connection", [](UpgradeFields& f) { f.connection = ""; }, kBadRequest, kNoConnection},
    {"keep-alive", [](UpgradeFields& f) { f.connection = "keep-alive"; }, kBadRequest,
     kNoConnection},
    {"no version", [](UpgradeFields& f) { f.version = ""; }, kUnsupportedVersion, kVersion},
    {"version 8", [](UpgradeFields& f) { f.version = "8"; }, kUnsupportedVersion, kVersion},
    {"version 013", [](UpgradeFields& f) { f.version = "013"; }, kUnsupportedVersion, kVersion},
    {"version list", [](UpgradeFields& f) { f.version = "13, 8"; }, kUnsupportedVersion, kVersion},
    {"version twice", [](UpgradeFields& f) { f.version = "13, 13"; }, kUnsupportedVersion,
     kVersion},
    {"no key", [](UpgradeFields& f) { f.key_count = 0; }, kBadRequest, kNoKey},
    {"two keys", [](UpgradeFields& f) { f.key_count = 2; }, kBadRequest, kManyKeys},
    {"three keys", [](UpgradeFields& f) { f.key_count = 3; }, kBadRequest, kManyKeys},
    {"empty key", [](UpgradeFields& f) { f.key = ""; }, kBadRequest, kBadKey},
    {"key of 15 bytes", [](UpgradeFields& f) { f.key = "AAAAAAAAAAAAAAAAAAAA"; }, kBadRequest,
     kBadKey},
    {"offer with a space", [](UpgradeFields& f) { f.protocol = "a b"; }, kBadRequest, kBadOffers},
    {"offer with a slash", [](UpgradeFields& f) { f.protocol = "x, a/b"; }, kBadRequest,
     kBadOffers},
    {"offer quoted", [](UpgradeFields& f) { f.protocol = "\"a\""; }, kBadRequest, kBadOffers},
    {"offer beyond ASCII", [](UpgradeFields& f) { f.protocol = "\xc3\xa4"; }, kBadRequest,
     kBadOffers},
    {"extensions that are no list", [](UpgradeFields& f) { f.extensions = "permessage-deflate;;"; },
     kBadRequest, kBadExtensions},
    {"offer twice", [](UpgradeFields& f) { f.protocol = "a, b, a"; }, kBadRequest, kBadOffers},
};

TEST(CheckUpgradeTest, EveryRefusalInItsWords) {
  for (const Refusal& refusal : kRefusals) {
    UpgradeFields fields = GoodFields();
    refusal.spoil(fields);
    const auto result = CheckUpgrade(fields);
    ASSERT_FALSE(result) << refusal.name;
    EXPECT_EQ(result.error().cause, refusal.cause) << refusal.name;
    EXPECT_EQ(result.error().detail, refusal.detail) << refusal.name;
  }
}

TEST(CheckUpgradeTest, TheFirstFaultIsTold) {
  UpgradeFields fields;
  EXPECT_EQ(CheckUpgrade(fields).error().detail, kNoUpgrade);
  fields.upgrade = "websocket";
  EXPECT_EQ(CheckUpgrade(fields).error().detail, kNoConnection);
  fields.connection = "upgrade";
  EXPECT_EQ(CheckUpgrade(fields).error().detail, kVersion) << "before the key, whose form it sets";
  fields.version = "13";
  EXPECT_EQ(CheckUpgrade(fields).error().detail, kNoKey);
  fields.key_count = 1;
  EXPECT_EQ(CheckUpgrade(fields).error().detail, kBadKey);
  fields.key = kExampleKey;
  EXPECT_TRUE(CheckUpgrade(fields));
}

// Names of subprotocols are compared with their case (RFC 6455 section 4.1 has them unique).
TEST(CheckUpgradeTest, OffersThatDifferInCaseAreDifferent) {
  UpgradeFields fields = GoodFields();
  fields.protocol = "mqtt, MQTT";
  EXPECT_TRUE(CheckUpgrade(fields));
}

// As many offers as a head of 16 KiB holds: one doubled offer among them is found wherever it is.
TEST(CheckUpgradeTest, ManyOffers) {
  std::string offers;
  for (int i = 1000; i < 4000; ++i) offers += std::to_string(i) + ",";
  UpgradeFields fields = GoodFields();
  fields.protocol = offers;
  EXPECT_TRUE(CheckUpgrade(fields));
  for (const char* doubled : {"1000", "2500", "3999"}) {
    const std::string more = offers + doubled;
    fields.protocol = more;
    ASSERT_FALSE(CheckUpgrade(fields)) << doubled;
    EXPECT_EQ(CheckUpgrade(fields).error().detail, kBadOffers);
  }
}

TEST(IsValidKeyTest, EveryCharacterInEveryPlace) {
  ASSERT_TRUE(IsValidKey(kExampleKey));
  for (size_t i = 0; i < kExampleKey.size(); ++i) {
    for (unsigned c = 0; c < 256; ++c) {
      std::string key(kExampleKey);
      key[i] = static_cast<char>(c);
      const bool digit = c < 128 && (std::isalnum(static_cast<int>(c)) || c == '+' || c == '/');
      EXPECT_EQ(IsValidKey(key), i < 22 ? digit : c == '=') << c << " at " << i;
    }
  }
}

TEST(IsValidKeyTest, SixteenBytesAndNoOtherNumber) {
  for (size_t digits = 0; digits <= 48; ++digits) {
    for (size_t padding = 0; padding <= 3; ++padding) {
      const std::string key = std::string(digits, 'A') + std::string(padding, '=');
      EXPECT_EQ(IsValidKey(key), digits == 22 && padding == 2) << key;
    }
  }
}

// The offers of real clients, and mixtures of them.
TEST(ChooseSubprotocolTest, WithoutAListOneOfTheOffersIsEchoed) {
  struct {
    std::string_view offers, chosen;
  } const kCases[] = {
      {"", ""},                      // noVNC 1.7, ws, Neon, wisp v1: no offer, no header.
      {"mqtt", "mqtt"},              // MQTT.js.
      {"mqttv3.1", "mqttv3.1"},      // MQTT.js with MQIsdp.
      {"wisp-v2", "wisp-v2"},        // wisp-js.
      {"a, b", "a"},                 // websockets.
      {"a,b", "a"},                  // autobahn, websocket-client.
      {"binary", "binary"},          // websockify's own.
      {"base64, binary", "binary"},  // sluice does not do base64.
      {"a, base64, binary", "binary"},
      {"binary, a", "binary"},
      {"base64, a", "a"},
      {"base64", ""},
      {" ,\ta , b", "a"},
      {"Binary, a", "Binary"},  // Another name than binary; taken as the first.
      {"binary2, binary", "binary"},
      {"xbinary", "xbinary"},
  };
  for (const auto& [offers, chosen] : kCases) {
    EXPECT_EQ(ChooseSubprotocol(offers, nullptr), chosen) << "'" << offers << "'";
  }
}

TEST(ChooseSubprotocolTest, TheRoutesOrderDecides) {
  struct {
    std::string_view offers;
    std::vector<std::string> spoken;
    std::string_view chosen;
  } const kCases[] = {
      {"a, b", {"b", "a"}, "b"}, {"a,b", {"c", "b"}, "b"},
      {"a, b", {"c"}, ""},       {"a, b", {}, ""},
      {"", {"a"}, ""},           {"binary, mqtt", {"mqtt", "binary"}, "mqtt"},
      {"MQTT", {"mqtt"}, ""},    {"ab", {"a"}, ""},
      {"a", {"ab"}, ""},
  };
  for (const auto& c : kCases) {
    EXPECT_EQ(ChooseSubprotocol(c.offers, &c.spoken), c.chosen) << "'" << c.offers << "'";
  }
}

}  // namespace
}  // namespace sluice::websocket
