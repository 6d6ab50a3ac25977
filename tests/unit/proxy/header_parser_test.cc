#include "sluice/proxy/header_parser.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/proxy/header_writer.h"

namespace sluice::proxy {
namespace {

using Status = HeaderParser::Status;

const std::string kSignature("\r\n\r\n\0\r\nQUIT\n", 12);

base::IpAddress Ip(std::string_view text) {
  return base::IpAddress::Parse(text).value();
}

const Endpoints kV4{{Ip("192.0.2.1"), 56324}, {Ip("198.51.100.7"), 443}};
const Endpoints kV6{{Ip("2001:db8::1"), 56324}, {Ip("2001:db8::7"), 443}};

std::string Bytes(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes += static_cast<char>(value);
  return bytes;
}

/// Version and command, family and transport, the length, and what follows.
std::string V2(int command, int family, const std::string& rest) {
  const auto size = static_cast<int>(rest.size());
  return kSignature + Bytes({command, family, size >> 8, size & 0xff}) + rest;
}

const std::string kV4Block = Bytes({192, 0, 2, 1, 198, 51, 100, 7, 0xdc, 0x04, 0x01, 0xbb});

struct Outcome {
  Status status = Status::kIncomplete;
  size_t used = 0;
  std::optional<Endpoints> endpoints;
  std::string held;
  std::string error;

  bool operator==(const Outcome&) const = default;
};

/// Feeds `input` in two pieces, the first of `cut` bytes.
Outcome Parse(const std::string& input, size_t cut) {
  HeaderParser parser;
  Outcome outcome;
  for (const auto piece :
       {std::string_view(input).substr(0, cut), std::string_view(input).substr(cut)}) {
    const auto used = parser.Feed(base::AsBytes(piece));
    if (!used) {
      outcome = Outcome();
      outcome.error = used.error();
      return outcome;
    }
    outcome.used += *used;
  }
  outcome.status = parser.status();
  outcome.endpoints = parser.endpoints();
  outcome.held = base::AsText(parser.held());
  return outcome;
}

/// The outcome, which does not depend on the cut.
Outcome ParseAtEveryCut(const std::string& input) {
  const Outcome whole = Parse(input, input.size());
  for (size_t cut = 0; cut < input.size(); ++cut) {
    EXPECT_EQ(Parse(input, cut), whole) << "cut at " << cut;
  }
  return whole;
}

TEST(HeaderParser, TakesWhatIsValidAndNothingBehindIt) {
  const struct {
    const char* what;
    std::string header;
    std::optional<Endpoints> endpoints;
  } rows[] = {
      {"v1, IPv4", "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n", kV4},
      {"v1, IPv6", "PROXY TCP6 2001:db8::1 2001:db8::7 56324 443\r\n", kV6},
      {"v1, IPv4 as IPv6", "PROXY TCP6 ::ffff:192.0.2.1 ::ffff:198.51.100.7 56324 443\r\n", kV4},
      {"v1, unknown", "PROXY UNKNOWN\r\n", std::nullopt},
      {"v1, unknown with more", "PROXY UNKNOWN ff ff 0 x\r\n", std::nullopt},
      {"v1, the longest", "PROXY UNKNOWN " + std::string(91, 'x') + "\r\n", std::nullopt},
      {"v2, IPv4", V2(0x21, 0x11, kV4Block), kV4},
      {"v2, IPv6", V2(0x21, 0x21, Bytes({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
                                         0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7,
                                         0xdc, 0x04, 0x01, 0xbb})),
       kV6},
      {"v2, unknown TLVs, one of them empty",
       V2(0x21, 0x11, kV4Block + Bytes({0xee, 0, 2, 'a', 'b', 0xef, 0, 0, 0x04, 0, 1, 0})), kV4},
      {"v2, the longest",
       V2(0x21, 0x11, kV4Block + Bytes({0xee, 0xff, 0xf0}) + std::string(0xfff0, '\0')), kV4},
      {"v2, LOCAL", V2(0x20, 0x00, ""), std::nullopt},
      {"v2, LOCAL with addresses", V2(0x20, 0x11, kV4Block), std::nullopt},
      {"v2, unspecified", V2(0x21, 0x00, "anything"), std::nullopt},
      {"v2, UDP", V2(0x21, 0x12, kV4Block), std::nullopt},
      {"v2, a Unix socket", V2(0x21, 0x31, std::string(216, '/')), std::nullopt},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    const std::string input = row.header + "GET / HTTP/1.1\r\n";
    const Outcome got = row.header.size() > 1000 ? Parse(input, 500) : ParseAtEveryCut(input);
    EXPECT_EQ(got.error, "");
    EXPECT_EQ(got.status, Status::kHeader);
    EXPECT_EQ(got.used, row.header.size());
    EXPECT_EQ(got.endpoints, row.endpoints);
    EXPECT_EQ(got.held, "");
  }
}

TEST(HeaderParser, SaysWhatIsWrong) {
  const struct {
    std::string input;
    const char* error;
  } rows[] = {
      {"PROXY TCP4 192.0.2.1 198.51.100.7 56324\r\n", "two addresses and two ports"},
      {"PROXY TCP4 192.0.2.1 198.51.100.7 56324 443 1\r\n", "two addresses and two ports"},
      {"PROXY TCP4 192.0.2.1  198.51.100.7 56324 443\r\n", "two addresses and two ports"},
      {"PROXY TCP4 192.0.2.1 198.51.100.7 56324 65536\r\n", "two addresses and two ports"},
      {"PROXY TCP4 2001:db8::1 2001:db8::7 1 2\r\n", "two addresses and two ports"},
      {"PROXY TCP6 192.0.2.1 198.51.100.7 1 2\r\n", "two addresses and two ports"},
      {"PROXY TCP6 [2001:db8::1] [2001:db8::7] 1 2\r\n", "two addresses and two ports"},
      {"PROXY TCP4\r\n", "two addresses and two ports"},
      {"PROXY UDP4 192.0.2.1 198.51.100.7 1 2\r\n", "none of TCP4"},
      {"PROXY \r\n", "none of TCP4"},
      {"PROXY UNKNOWN " + std::string(92, 'x') + "\r\n", "longer than 107"},
      {"PROXY " + std::string(200, 'x'), "longer than 107"},
      {V2(0x11, 0x11, kV4Block), "version"},
      {V2(0x22, 0x11, kV4Block), "command"},
      {V2(0x21, 0x41, kV4Block), "address family"},
      {V2(0x21, 0x13, kV4Block), "address family"},
      {V2(0x21, 0x11, kV4Block.substr(1)), "no room for the addresses"},
      {V2(0x21, 0x21, kV4Block), "no room for the addresses"},
      {V2(0x21, 0x11, kV4Block + Bytes({0xee, 0, 1})), "longer than the header"},
      {V2(0x21, 0x11, kV4Block + Bytes({0xee, 0xff, 0xff, 1})), "longer than the header"},
      {V2(0x21, 0x11, kV4Block + Bytes({0xee, 0})), "longer than the header"},
      {V2(0x21, 0x11, kV4Block + Bytes({0x03, 0, 4, 1, 2, 3, 4})), "checksum is wrong"},
      {V2(0x21, 0x11, kV4Block + Bytes({0x03, 0, 2, 1, 2})), "four bytes"},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(::testing::PrintToString(row.input));
    const Outcome got = ParseAtEveryCut(row.input);
    EXPECT_NE(got.error.find(row.error), std::string::npos) << got.error;
  }
}

TEST(HeaderParser, GivesBackWhatIsNoHeader) {
  const std::string inputs[] = {
      "GET / HTTP/1.1\r\n",           "POST / HTTP/1.1\r\n",
      "PROXYING is no method\r\n",    "\x16\x03\x01",
      "\r\nGET / HTTP/1.1",           "\r\n\r\n",
      kSignature.substr(0, 11) + "x",
  };
  for (const std::string& input : inputs) {
    SCOPED_TRACE(::testing::PrintToString(input));
    const Outcome got = ParseAtEveryCut(input);
    EXPECT_EQ(got.error, "");
    if (kSignature.starts_with(input)) {
      EXPECT_EQ(got.status, Status::kIncomplete);
      continue;
    }
    EXPECT_EQ(got.status, Status::kNone);
    EXPECT_EQ(got.held, input.substr(0, got.used));
    EXPECT_LE(got.used, 12u);
  }
}

// From the specification's own rule (section 2.2.3), computed by hand: CRC-32C of the header with
// the checksum's bytes as zero.
TEST(HeaderParser, ChecksTheChecksum) {
  const std::string with_zero = V2(0x21, 0x11, kV4Block + Bytes({0x03, 0, 4, 0, 0, 0, 0}));
  uint32_t crc = 0xffffffff;
  for (const char c : with_zero) {
    crc ^= static_cast<uint8_t>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0);
  }
  crc = ~crc;
  std::string header = with_zero.substr(0, with_zero.size() - 4);
  for (int shift = 24; shift >= 0; shift -= 8) header += static_cast<char>(crc >> shift);
  const Outcome got = ParseAtEveryCut(header);
  EXPECT_EQ(got.status, Status::kHeader) << got.error;
  EXPECT_EQ(got.endpoints, kV4);
  header[17] ^= 1;  // Of the address.
  EXPECT_NE(Parse(header, 0).error, "");
}

TEST(HeaderWriter, Version1) {
  const auto text = [](const std::optional<Endpoints>& endpoints) {
    const auto bytes = WriteV1(endpoints);
    return std::string(bytes.begin(), bytes.end());
  };
  EXPECT_EQ(text(kV4), "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n");
  EXPECT_EQ(text(kV6), "PROXY TCP6 2001:db8::1 2001:db8::7 56324 443\r\n");
  EXPECT_EQ(text(Endpoints{kV4.source, kV6.destination}),
            "PROXY TCP6 ::ffff:192.0.2.1 2001:db8::7 56324 443\r\n");
  EXPECT_EQ(text(std::nullopt), "PROXY UNKNOWN\r\n");
}

TEST(WriteLocalV2, IsNobodysConnection) {
  const auto bytes = WriteLocalV2();
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), V2(0x20, 0, ""));
}

TEST(HeaderWriter, Version2) {
  const auto bytes = WriteV2(kV4, {.alpn = "http/1.1",
                                   .authority = "a.example",
                                   .unique_id = "00ff",
                                   .tls = Details::Tls{"TLSv1.3", "C", true, "cn"}});
  const std::string ssl = Bytes({0x07, 0, 0, 0, 0, 0x21, 0, 7}) + "TLSv1.3" + Bytes({0x22, 0, 2}) +
                          "cn" + Bytes({0x23, 0, 1}) + "C";
  const std::string expected =
      V2(0x21, 0x11,
         kV4Block + Bytes({0x01, 0, 8}) + "http/1.1" + Bytes({0x02, 0, 9}) + "a.example" +
             Bytes({0x05, 0, 4}) + "00ff" + Bytes({0x20, 0, static_cast<int>(ssl.size())}) + ssl);
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), expected);
}

TEST(HeaderWriter, ADetailThatIsTooLongIsLeftOut) {
  const auto bytes =
      WriteV2(kV4, {.alpn = "", .authority = std::string(256, 'a'), .unique_id = "", .tls = {}});
  EXPECT_EQ(std::string(bytes.begin(), bytes.end()), V2(0x21, 0x11, kV4Block));
}

TEST(HeaderWriter, WhatIsWrittenIsRead) {
  const Details details{.alpn = "x", .authority = "y", .unique_id = "z", .tls = Details::Tls{}};
  for (const auto& endpoints : {std::optional(kV4), std::optional(kV6), std::optional<Endpoints>(),
                                std::optional(Endpoints{kV4.source, kV6.destination})}) {
    for (const auto& bytes : {WriteV1(endpoints), WriteV2(endpoints, details)}) {
      const Outcome got = ParseAtEveryCut(std::string(bytes.begin(), bytes.end()));
      EXPECT_EQ(got.status, Status::kHeader) << got.error;
      EXPECT_EQ(got.endpoints, endpoints);
    }
  }
}

}  // namespace
}  // namespace sluice::proxy
