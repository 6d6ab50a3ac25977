// Faults in the options of a file, its defaults and its routes.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/diagnostics.h"

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using testing::HeadsOfRoute;
using testing::HeadsWith;

TEST(LoadErrors, OfReloadAndDrain) {
  EXPECT_THAT(HeadsWith("reload: always\n"
                        "drain: {delay: 5, window: 25h, x: 1}\n"
                        "defaults: {on_removal: drop}\n"),
              ElementsAre("3:9: reload: expected 'signal' or 'watch', found 'always'",
                          "4:16: delay: expected a duration from 100ms to 24h (units ms, s, m, h) "
                          "or 'off', found '5'",
                          "4:27: window: expected a duration from 100ms to 24h (units ms, s, m, h) "
                          "or 'off', found '25h'",
                          "4:32: unknown key 'x'; the known keys here are: delay, window",
                          "5:24: on_removal: expected 'keep' or 'close', found 'drop'"));
  EXPECT_THAT(HeadsWith("drain: {delay: 5s, window: 3s}\n"),
              ElementsAre("3:8: drain: 'delay' and 'window' are 8s together; expected less than "
                          "'timeouts.drain', after which all is over: 8s"));
}

TEST(LoadErrors, OfDefaults) {
  EXPECT_THAT(
      HeadsWith("defaults:\n"
                "  keepalive: {ping_interval: 500ms, pong_timeout: off, backend_timeout: 2h}\n"
                "  timeouts: {handshake: 0s, connect: 6m, idle: 0, close: 5, drain: 25h}\n"
                "  limits: {request_line: 255, header: 2MiB, header_count: 1001}\n"
                "  on_dial_failure: retry\n"
                "  close_codes: rfc\n"
                "  subprotocols: [\"a b\", c, c]\n"
                "  origins: [https://a/, null, https://a, HTTPS://A:443]\n"),
      ElementsAre(
          "4:30: ping_interval: expected a duration from 1s to 1h (units ms, s, m, h) or 'off', "
          "found '500ms'",
          "4:51: pong_timeout: expected a duration from 1s to 10m (units ms, s, m, h), found 'off'",
          "4:73: backend_timeout: expected a duration from 1s to 1h (units ms, s, m, h) or 'off', "
          "found '2h'",
          "5:25: handshake: expected a duration from 100ms to 5m (units ms, s, m, h), found '0s'",
          "5:38: connect: expected a duration from 100ms to 5m (units ms, s, m, h), found '6m'",
          "5:48: idle: expected a duration from 1s to 168h (units ms, s, m, h) or 'off', found '0'",
          "5:58: close: expected a duration from 100ms to 5m (units ms, s, m, h), found '5'",
          "5:68: drain: expected a duration from 100ms to 24h (units ms, s, m, h), found '25h'",
          "6:26: request_line: expected a size from 256 to 1MiB (bytes, or units KiB, MiB), found "
          "'255'",
          "6:39: header: expected a size from 1KiB to 1MiB (bytes, or units KiB, MiB), found "
          "'2MiB'",
          "6:59: header_count: expected a number from 1 to 1000, found '1001'",
          "7:20: on_dial_failure: expected 'close' or 'http', found 'retry'",
          "8:16: close_codes: expected 'standard' or 'websockify', found 'rfc'",
          "9:18: subprotocols: expected a subprotocol's name (a token: no spaces, and no "
          "separators such as ',', '/' or ':'), found 'a b'",
          "9:28: subprotocols: 'c' is in the list twice",
          "10:13: origins: an origin has no path: take out the '/' at the end, found 'https://a/'",
          "10:25: origins: expected an origin such as https://www.example.com, "
          "https://*.example.com, http://localhost:* or moz-extension://* (no path, no '/' at the "
          "end), '*' or 'null', found nothing; put the word null in quotes",
          "10:42: origins: 'https://a' is in the list twice"));
}

TEST(LoadErrors, OfFramings) {
  EXPECT_THAT(
      HeadsOfRoute("    match: {path: /a}\n"
                   "    backend: a:1\n"
                   "    framing: line\n"),
      ElementsAre("6:14: framing: expected 'stream', 'lines' or 'length_prefixed', found 'line'"));
  const auto heads = [](const std::string& framing) {
    return HeadsWith("defaults: {framing: " + framing + "}\n");
  };
  EXPECT_THAT(heads(""), ElementsAre("3:12: framing: expected 'stream', 'lines' or "
                                     "'length_prefixed', found nothing"));
  EXPECT_THAT(heads("[lines]"), ElementsAre("3:21: framing: expected 'stream', 'lines' or "
                                            "'length_prefixed', found a list"));
  for (const char* framing : {"{}", "{lines: {}, length_prefixed: {}}"}) {
    EXPECT_THAT(heads(framing), ElementsAre("3:21: framing: expected one key, 'stream', 'lines' "
                                            "or 'length_prefixed'"));
  }
  EXPECT_THAT(heads("{line: {}}"), ElementsAre("3:22: unknown key 'line'; did you mean 'lines'?"));
  EXPECT_THAT(heads("{udp: {}}"), ElementsAre("3:22: unknown key 'udp'; the known keys here are: "
                                              "stream, lines, length_prefixed"));
  EXPECT_THAT(heads("{lines: {end: \"\\n\", max_length: 0, typ: text, type: utf8}}"),
              ElementsAre("3:35: end: expected 'lf' or 'crlf', found '\\x0a'",
                          "3:53: max_length: expected a size from 1 to 1024MiB (bytes, or units "
                          "KiB, MiB), found '0'",
                          "3:56: unknown key 'typ'; did you mean 'type'?",
                          "3:73: type: expected 'text' or 'binary', found 'utf8'"));
  EXPECT_THAT(
      heads("{length_prefixed: {size: 4, order: network, includes_header: yes, type_byte: 1}}"),
      ElementsAre("3:46: size: expected 'u8', 'u16' or 'u32', found '4'",
                  "3:56: order: expected 'big' or 'little', found 'network'",
                  "3:82: includes_header: expected 'true' or 'false', found 'yes'",
                  "3:98: type_byte: expected 'true' or 'false', found '1'"));
  EXPECT_THAT(heads("{length_prefixed: {type: text, type_byte: true}}"),
              ElementsAre("3:46: type: has no effect with 'type_byte: true', where a byte of each "
                          "message gives the type; take it out"));
  EXPECT_THAT(heads("{length_prefixed: {end: lf, sizes: u8}}"),
              ElementsAre("3:40: unknown key 'end'; the known keys here are: size, order, "
                          "includes_header, type_byte, type",
                          "3:49: unknown key 'sizes'; did you mean 'size'?"));
}

TEST(LoadErrors, OfCompression) {
  EXPECT_THAT(
      HeadsWith("defaults:\n"
                "  compression: {enabled: on, min_size: 0, server_context_takeover: 1, "
                "client_context_takeover: }\n"
                "  limits: {message: 1023}\n"),
      ElementsAre("4:26: enabled: expected 'true' or 'false', found 'on'",
                  "4:40: min_size: expected a size from 1 to 1MiB (bytes, or units KiB, MiB), "
                  "found '0'",
                  "4:68: server_context_takeover: expected 'true' or 'false', found '1'",
                  "4:71: client_context_takeover: expected 'true' or 'false', found nothing",
                  "5:21: message: expected a size from 1KiB to 1024MiB (bytes, or units KiB, MiB), "
                  "found '1023'"));
  EXPECT_THAT(
      HeadsOfRoute("    match: {path: /a}\n"
                   "    backend: a:1\n"
                   "    compression: {server_window_bits: 8, client_window_bits: 16, "
                   "memory_level: 10, level: 9}\n"
                   "    limits: {message: 2048MiB}\n"),
      ElementsAre("6:39: server_window_bits: expected a number from 9 to 15, found '8'",
                  "6:62: client_window_bits: expected a number from 9 to 15, found '16'",
                  "6:80: memory_level: expected a number from 1 to 9, found '10'",
                  "6:84: unknown key 'level'; the known keys here are: enabled, min_size, "
                  "server_context_takeover, client_context_takeover, server_window_bits, "
                  "client_window_bits, memory_level",
                  "7:23: message: expected a size from 1KiB to 1024MiB (bytes, or units KiB, MiB), "
                  "found '2048MiB'"));
  for (const auto& [found, meant] :
       {std::pair{"true", "true"}, {"yes", "true"}, {"off", "false"}}) {
    EXPECT_THAT(
        HeadsWith(std::string("defaults: {compression: ") + found + "}\n"),
        ElementsAre(std::string("3:25: compression: expected a mapping such as {enabled: ") +
                    meant + "}, found '" + found + "'"));
  }
}

TEST(LoadErrors, OfTheRequestLineAndTheHeader) {
  EXPECT_THAT(HeadsWith("defaults: {limits: {request_line: 32KiB}}\n"),
              ElementsAre("3:35: request_line: expected no more than 'header', which is 16KiB, "
                          "found '32KiB'"));
  EXPECT_THAT(HeadsWith("defaults: {limits: {header: 4KiB}}\n"),
              ElementsAre("3:29: header: expected no less than 'request_line', which is 8KiB, "
                          "found '4KiB'"));
  EXPECT_THAT(HeadsWith("defaults: {limits: {header: 4KiB, request_line: 5KiB}}\n"),
              ElementsAre("3:49: request_line: expected no more than 'header', which is 4KiB, "
                          "found '5KiB'"));
}

}  // namespace
}  // namespace sluice::config
