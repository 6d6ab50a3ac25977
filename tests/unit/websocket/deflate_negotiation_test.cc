// permessage-deflate: which offer is accepted, what is agreed, and what is answered.
#include "sluice/websocket/deflate_negotiation.h"

#include <ostream>
#include <string>
#include <string_view>

#include <gtest/gtest.h>

namespace sluice::websocket {

void PrintTo(const DeflateAgreement& agreement, std::ostream* out) {
  *out << "server " << agreement.server_context_takeover << ' ' << agreement.server_window_bits
       << ", client " << agreement.client_context_takeover << ' ' << agreement.client_window_bits;
}

namespace {

// Everything is allowed, so that what is restricted is what the client restricts.
constexpr DeflatePreferences kOpen = {.server_context_takeover = true,
                                      .client_context_takeover = true};

std::optional<DeflateAnswer> Negotiate(std::string_view header,
                                       const DeflatePreferences& preferences = kOpen) {
  const auto offers = ParseExtensions(header);
  EXPECT_TRUE(offers) << header;
  return NegotiateDeflate(*offers, preferences);
}

// The response's header, or `declined`.
std::string Answer(std::string_view header, const DeflatePreferences& preferences = kOpen) {
  const auto answer = Negotiate(header, preferences);
  return answer ? answer->header : "declined";
}

TEST(NegotiateDeflateTest, WhatTheClientsOffer) {
  EXPECT_EQ(Answer("permessage-deflate; client_max_window_bits"), "permessage-deflate");
  EXPECT_EQ(Answer("permessage-deflate"), "permessage-deflate");
  EXPECT_EQ(Answer(""), "declined");
  EXPECT_EQ(Answer("x-webkit-deflate-frame"), "declined");
  EXPECT_EQ(Answer("permessage-bzip2, permessage-deflate"), "permessage-deflate");
}

// Section 7.1: each parameter, alone and with all that it may be.
TEST(NegotiateDeflateTest, EveryParameter) {
  const struct {
    std::string_view offer, answer;
    DeflateAgreement agreement;
  } kCases[] = {
      {"", "", {}},
      {"; server_no_context_takeover",
       "; server_no_context_takeover",
       {.server_context_takeover = false}},
      {"; client_no_context_takeover",
       "; client_no_context_takeover",
       {.client_context_takeover = false}},
      {"; server_max_window_bits=9", "; server_max_window_bits=9", {.server_window_bits = 9}},
      {"; server_max_window_bits=10", "; server_max_window_bits=10", {.server_window_bits = 10}},
      {"; server_max_window_bits=\"14\"",
       "; server_max_window_bits=14",
       {.server_window_bits = 14}},
      {"; server_max_window_bits=15", "; server_max_window_bits=15", {}},
      {"; client_max_window_bits", "", {}},
      {"; client_max_window_bits=8", "; client_max_window_bits=8", {.client_window_bits = 8}},
      {"; client_max_window_bits=14", "; client_max_window_bits=14", {.client_window_bits = 14}},
      {"; client_max_window_bits=15", "", {}},
      {"; client_max_window_bits=9; server_max_window_bits=10; client_no_context_takeover; "
       "server_no_context_takeover",
       "; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=10; "
       "client_max_window_bits=9",
       {false, false, 10, 9}},
  };
  for (const auto& [offer, expected, agreement] : kCases) {
    const auto answer = Negotiate("permessage-deflate" + std::string(offer));
    ASSERT_TRUE(answer) << offer;
    EXPECT_EQ(answer->header, "permessage-deflate" + std::string(expected)) << offer;
    EXPECT_EQ(answer->agreement, agreement) << offer;
  }
}

TEST(NegotiateDeflateTest, BadOffersAreDeclined) {
  for (const std::string_view parameters : {
           "x",
           "Server_No_Context_Takeover",
           "server_no_context_takeover=1",
           "server_no_context_takeover=true",
           "server_no_context_takeover; server_no_context_takeover",
           "client_no_context_takeover=\"x\"",
           "client_no_context_takeover; server_no_context_takeover; client_no_context_takeover",
           "server_max_window_bits",
           "server_max_window_bits=8",  // zlib cannot keep it.
           "server_max_window_bits=7",
           "server_max_window_bits=16",
           "server_max_window_bits=010",
           "server_max_window_bits=+10",
           "server_max_window_bits=-10",
           "server_max_window_bits=10.0",
           "server_max_window_bits=0xa",
           "server_max_window_bits=1e1",
           "server_max_window_bits=18446744073709551626",
           "server_max_window_bits=10; server_max_window_bits=10",
           "client_max_window_bits=0",
           "client_max_window_bits=7",
           "client_max_window_bits=16",
           "client_max_window_bits=08",
           "client_max_window_bits=x",
           "client_max_window_bits; client_max_window_bits",
           "client_max_window_bits; client_max_window_bits=10",
           "client_max_window_bits=10; x=1",
       }) {
    const std::string bad = "permessage-deflate; " + std::string(parameters);
    EXPECT_EQ(Answer(bad), "declined") << parameters;
    // That offer and no other.
    EXPECT_EQ(Answer(bad + ", permessage-deflate; server_no_context_takeover"),
              "permessage-deflate; server_no_context_takeover")
        << parameters;
    EXPECT_EQ(Answer("permessage-deflate, " + bad), "permessage-deflate") << parameters;
  }
  EXPECT_EQ(Answer("Permessage-Deflate"), "declined") << "another name";
}

TEST(NegotiateDeflateTest, TheFirstThatCanBeKeptIsTaken) {
  EXPECT_EQ(Answer("permessage-deflate; server_max_window_bits=8, "
                   "permessage-deflate; server_max_window_bits=12, permessage-deflate"),
            "permessage-deflate; server_max_window_bits=12");
}

TEST(NegotiateDeflateTest, ThePreferencesOfTheServer) {
  const DeflatePreferences kNoTakeover = {};
  EXPECT_EQ(Answer("permessage-deflate", kNoTakeover),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover");
  EXPECT_EQ(Answer("permessage-deflate; client_no_context_takeover", kNoTakeover),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover");

  DeflatePreferences small = kOpen;
  small.server_window_bits = 11;
  small.client_window_bits = 10;
  const struct {
    std::string_view offer, answer;
    int server_window_bits, client_window_bits;
  } kCases[] = {
      // The server may always use less; the client must first let itself be told.
      {"", "; server_max_window_bits=11", 11, 15},
      {"; client_max_window_bits", "; server_max_window_bits=11; client_max_window_bits=10", 11,
       10},
      {"; client_max_window_bits=12", "; server_max_window_bits=11; client_max_window_bits=10", 11,
       10},
      {"; client_max_window_bits=8", "; server_max_window_bits=11; client_max_window_bits=8", 11,
       8},
      {"; server_max_window_bits=15", "; server_max_window_bits=11", 11, 15},
      {"; server_max_window_bits=9", "; server_max_window_bits=9", 9, 15},
  };
  for (const auto& c : kCases) {
    const auto answer = Negotiate("permessage-deflate" + std::string(c.offer), small);
    ASSERT_TRUE(answer) << c.offer;
    EXPECT_EQ(answer->header, "permessage-deflate" + std::string(c.answer)) << c.offer;
    EXPECT_EQ(answer->agreement.server_window_bits, c.server_window_bits) << c.offer;
    EXPECT_EQ(answer->agreement.client_window_bits, c.client_window_bits) << c.offer;
  }
}

}  // namespace
}  // namespace sluice::websocket
