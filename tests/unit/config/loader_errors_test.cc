// Whole files with faults: every error at once, at its place, in these words.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sluice/config/loader.h"

namespace sluice::config {
namespace {

using testing::ElementsAre;

std::optional<std::string> NoVariables(const std::string&) {
  return std::nullopt;
}

std::vector<Diagnostic> Errors(const std::string& text) {
  auto loaded = LoadString(text, "f", NoVariables);
  EXPECT_FALSE(loaded) << text;
  return loaded ? std::vector<Diagnostic>() : std::move(loaded).error();
}

// The first line of each, without the source.
std::vector<std::string> Heads(const std::string& text) {
  std::vector<std::string> heads;
  for (const auto& error : Errors(text)) {
    heads.push_back(std::to_string(error.line) + ':' + std::to_string(error.column) + ": " +
                    error.message);
  }
  return heads;
}

// A file whose only faults can be in `lines`, which follow two lines of routes and listeners.
std::vector<std::string> HeadsWith(const std::string& lines) {
  return Heads(
      "listeners: [\"8080\"]\n"
      "routes: [{name: a, match: {path: /a}, backend: a:1}]\n" +
      lines);
}

// A file with one route, its lines given from `match` on, so that they begin at line 4, column 5.
std::vector<std::string> HeadsOfRoute(const std::string& lines) {
  return Heads("listeners: [\"8080\"]\nroutes:\n  - name: a\n" + lines);
}

TEST(LoadErrors, LinkLocalAddressesWithoutAZone) {
  constexpr char kFault[] =
      " has a link-local address without a zone; expected an interface after a %, as in "
      "[fe80::1%eth0]";
  EXPECT_THAT(
      Heads("listeners: ['[fe80::1]:8080']\n"
            "admin: {address: '[fe80::1]:9090'}\n"
            "dns: {servers: ['fe80::1', 'fe80::2%eth0', 'fe80::2%eth1']}\n"
            "backends:\n"
            "  a: {servers: ['[fe80::1]:1', {address: '[fe80::1]:2'}]}\n"
            "routes:\n"
            "  - name: a\n"
            "    match: {path: /a}\n"
            "    auth: {token: {redis: {server: '[fe80::1]:3'}}}\n"
            "    backend: '[fe80::1]:4'\n"),
      ElementsAre("1:13: listeners: '[fe80::1]:8080'" + std::string(kFault),
                  "2:18: address: '[fe80::1]:9090'" + std::string(kFault),
                  "3:17: servers: 'fe80::1'" + std::string(kFault),
                  "3:44: servers: '[fe80::2%eth1]:53' differs from '[fe80::2%eth0]:53' in its zone "
                  "only; expected one of them, since the resolver cannot tell their answers apart",
                  "5:17: servers: '[fe80::1]:1'" + std::string(kFault),
                  "5:42: address: '[fe80::1]:2'" + std::string(kFault),
                  "9:36: server: '[fe80::1]:3'" + std::string(kFault),
                  "10:14: backend: '[fe80::1]:4'" + std::string(kFault)));
}

TEST(LoadErrors, AreShownWithTheirLine) {
  const auto errors = Errors(
      "listeners:\n"
      "  - address: localhost:80\n"
      "routes:\n"
      "  - name: a\n"
      "    match: {path: /a}\n"
      "    backend: a:1\n"
      "    keepalive:\n"
      "      ping_intervall: 20s\n"
      "      pong_timeout: 11m\n");
  std::string shown;
  for (const auto& error : errors) shown += error.ToString() + '\n';
  EXPECT_EQ(shown,
            "f:2:14: address: 'localhost:80' does not begin with an IP address; expected IP:port "
            "such as 127.0.0.1:8080 or [::]:8080, a bare port, or unix:/path\n"
            "  - address: localhost:80\n"
            "             ^\n"
            "f:8:7: unknown key 'ping_intervall'; did you mean 'ping_interval'?\n"
            "      ping_intervall: 20s\n"
            "      ^\n"
            "f:9:21: pong_timeout: expected a duration from 1s to 10m (units ms, s, m, h), found "
            "'11m'\n"
            "      pong_timeout: 11m\n"
            "                    ^\n");
}

TEST(LoadErrors, OfAnEmptyFile) {
  const std::vector<std::string> expected = {"1:1: missing key 'listeners'",
                                             "1:1: missing key 'routes'"};
  EXPECT_EQ(Heads(""), expected);
  EXPECT_EQ(Heads("# nothing\n"), expected);
  EXPECT_EQ(Heads("---\n"), expected);
}

TEST(LoadErrors, OfTheWrongKind) {
  EXPECT_THAT(Heads("hello"), ElementsAre("1:1: expected a mapping, found 'hello'"));
  EXPECT_THAT(Heads("- a\n"), ElementsAre("1:1: expected a mapping, found a list"));
  EXPECT_THAT(Heads("listeners: 8080\nroutes: {}\n"),
              ElementsAre("1:12: listeners: expected a list of one or more listeners, found '8080'",
                          "2:9: routes: expected a list of one or more routes, found a mapping"));
  EXPECT_THAT(
      Heads("listeners:\nroutes: []\n"),
      ElementsAre("1:1: listeners: expected a list of one or more listeners, found nothing",
                  "2:9: routes: expected a list of one or more routes, found an empty list"));
  EXPECT_THAT(
      HeadsWith("workers: [1]\n"
                "admin: 127.0.0.1:9090\n"
                "defaults: {keepalive: [20s], timeouts: {idle: {}, close: }}\n"
                "backends: {lab: [a:1]}\n"),
      ElementsAre(
          "3:10: workers: expected 'auto' or a number from 1 to 256, found a list",
          "4:8: admin: expected a mapping such as {address: 127.0.0.1:9090}, "
          "found '127.0.0.1:9090'",
          "5:23: keepalive: expected a mapping (keys: ping_interval, pong_timeout, "
          "backend_timeout), found a list",
          "5:47: idle: expected a duration from 1s to 168h (units ms, s, m, h) or 'off', found a "
          "mapping",
          "5:51: close: expected a duration from 100ms to 5m (units ms, s, m, h), found nothing",
          "6:17: lab: expected a mapping (keys: servers, server, allow, resolve, ...), found a "
          "list"));
}

TEST(LoadErrors, OfTheWrongKindHaveTheBounds) {
  EXPECT_THAT(
      HeadsWith("workers: {}\n"
                "dns: {timeout: [1s], servers: [[]], cache: }\n"
                "defaults:\n"
                "  limits: {memory: , sessions: [5], socket_buffer: {}}\n"
                "  auth: {jwt: {leeway: [], algorithms: [ES256], jwks_file: j}}\n"
                "trusted_proxies: {from: [{}], header: }\n"),
      ElementsAre(
          "3:10: workers: expected 'auto' or a number from 1 to 256, found a mapping",
          "4:16: timeout: expected a duration from 100ms to 1m (units ms, s, m, h), found a list",
          "4:32: servers: expected an IP address such as 127.0.0.1, 127.0.0.1:53 or [::1]:53, "
          "found a list",
          "4:37: cache: expected a duration from 1s to 24h (units ms, s, m, h) or 'off', found "
          "nothing",
          "6:12: memory: expected a size of 1MiB or more (bytes, or units KiB, MiB) or 'off', "
          "found nothing",
          "6:32: sessions: expected 'off' or a number from 1 to 10000000, found a list",
          "6:52: socket_buffer: expected 'auto' or a size from 16KiB to 256MiB (bytes, or units "
          "KiB, MiB), found a mapping",
          "7:24: leeway: expected a duration from 0s to 10m (units ms, s, m, h) or 'off', found a "
          "list",
          "8:26: from: expected an address range such as 10.0.0.0/8 or fd00::/8, or one address, "
          "found a mapping",
          "8:31: header: expected 'x_forwarded_for' or 'forwarded', found nothing"));
  EXPECT_THAT(HeadsOfRoute("    match: {path: /a}\n"
                           "    backend: {servers: [a:1], tls: yes, balance: [], queue: []}\n"
                           "    auth: {}\n"),
              ElementsAre("5:36: tls: expected a mapping (keys: ca, server_name, cert, key, ...), "
                          "found 'yes'",
                          "5:50: balance: expected 'round_robin', 'least_sessions', 'random_two', "
                          "or a mapping such as {hash: client}, found a list",
                          "5:61: queue: expected a mapping (keys: size, timeout), found a list",
                          "6:11: auth: expected one or more of the keys 'basic', 'jwt', 'token', "
                          "'ticket' and 'client_certificate', or the word 'none'"));
}

// A hint that could not be meant is none.
TEST(LoadErrors, SuggestNoBooleanForAnotherKey) {
  EXPECT_THAT(
      HeadsOfRoute("    match: true\n    backend: a:1\n    compression: 5\n"),
      ElementsAre("4:12: match: expected a mapping (keys: host, path, upgrade, query, ...), "
                  "found 'true'",
                  "6:18: compression: expected a mapping (keys: enabled, min_size, "
                  "server_context_takeover, client_context_takeover, ...), found '5'"));
}

TEST(LoadErrors, AreShownWithTheWarnings) {
  const auto diagnostics = Errors(
      "listeners: [\"8080\"]\n"
      "routes:\n"
      "  - name: a\n"
      "    match: {path: \"/{s}\"}\n"
      "    backend: {server: \"{s}:22\", allow: [\"localhost:23\", \"*:22\"]}\n"
      "workers: many\n");
  std::string shown;
  for (const auto& diagnostic : diagnostics) shown += diagnostic.Headline() + '\n';
  EXPECT_EQ(shown,
            "f:5:41: warning: 'localhost:23' never matches: the port is always 22\n"
            "f:6:10: workers: expected 'auto' or a number from 1 to 256, found 'many'\n");
}

// What is wrong with one part is not held against another.
TEST(LoadErrors, OfOnePartBlameNoOther) {
  const std::string route =
      "listeners: [\"8080\"]\n"
      "routes: [{name: a, match: {path: /a, sni: x.com}, backend: lab}]\n";
  EXPECT_THAT(
      HeadsWith(
          "defaults: {auth: {jwt: {algorithms: [ES256], key_file: }, token: {directory: ''}}}\n"),
      ElementsAre("3:46: key_file: expected the path of a file, found nothing",
                  "3:78: directory: expected the path of a directory, found ''"));
  EXPECT_THAT(Heads(route + "backends: [lab]\n"),
              ElementsAre("3:11: backends: expected a mapping, found a list"));
  EXPECT_THAT(Heads(route + "backend: {lab: {servers: [a:1]}}\n"),
              ElementsAre("3:1: unknown key 'backend'; did you mean 'backends'?"));
}

TEST(LoadErrors, OfKeys) {
  EXPECT_THAT(
      HeadsWith("worker: 1\nx: 1\nadmin: {adress: a}\n[a]: b\n"),
      ElementsAre("3:1: unknown key 'worker'; did you mean 'workers'?",
                  "4:1: unknown key 'x'; the known keys here are: user, workers, reload, drain, "
                  "log, listeners, hosts, admin, trusted_proxies, dns, "
                  "defaults, backends, routes, auth_failures",
                  "5:9: unknown key 'adress'; did you mean 'address'?",
                  "6:1: expected a key, found a list"));
  EXPECT_THAT(HeadsWith("dns: {timeout: 1s, timeout: 2s}\nworkers: 1\ndns: {}\n"),
              ElementsAre("3:20: duplicate key 'timeout'; it is already in line 3",
                          "5:1: duplicate key 'dns'; it is already in line 3"));
}

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

TEST(LoadErrors, OfAddresses) {
  EXPECT_THAT(
      Heads("listeners:\n"
            "  - 8080\n"
            "  - {address: \"[0::0]:8080\"}\n"
            "  - unix:/a\n"
            "  - unix:/a\n"
            "  - {}\n"
            "  - 127.0.0.1:81\n"
            "admin: {address: 127.0.0.1:81}\n"
            "dns: {servers: [dns.example, ::1, \"[::1]:53\"], timeout: 2m, attempts: 0}\n"
            "routes: [{name: a, match: {path: /a}, backend: a:1}]\n"),
      ElementsAre(
          "3:15: address: '[::]:8080' is already the address of the listener in line 2",
          "5:5: listeners: 'unix:/a' is already the address of the listener in line 4",
          "6:5: listeners: missing key 'address'",
          "8:18: address: '127.0.0.1:81' is already the address of a listener",
          "9:17: servers: expected an IP address such as 127.0.0.1, 127.0.0.1:53 or [::1]:53, "
          "found 'dns.example'",
          "9:35: servers: '[::1]:53' is in the list twice",
          "9:57: timeout: expected a duration from 100ms to 1m (units ms, s, m, h), found '2m'",
          "9:71: attempts: expected a number from 1 to 10, found '0'"));
  EXPECT_THAT(HeadsWith("admin: {address: unix:/a}\n"),
              ElementsAre("3:18: address: 'unix:/a' is a Unix socket; expected IP:port such as "
                          "127.0.0.1:9090"));
}

TEST(LoadErrors, OfHosts) {
  EXPECT_THAT(
      Heads("hosts: [\"a:80\"]\n"
            "listeners:\n"
            "  - {address: \"81\", hosts: []}\n"
            "  - {address: \"82\", hosts: [a, A]}\n"
            "  - {address: \"83\", protocol: tcp, hosts: [a]}\n"
            "admin: {address: \"84\", hosts: [\"*\", a]}\n"
            "routes: [{name: a, match: {path: /a}, backend: a:1}]\n"),
      ElementsAre(
          "1:9: hosts: expected a host name such as www.example.com or *.example.com, without "
          "a port, or '*' for any name, found 'a:80'",
          "3:28: hosts: expected a list of one or more hosts, found an empty list",
          "4:32: hosts: 'a' is in the list twice",
          "5:43: hosts: has no effect: a client of plain TCP names no host; take it out",
          "6:31: hosts: '*' allows any name, so that the others have no effect; take them out, or "
          "the '*'"));
}

TEST(LoadErrors, OfBackends) {
  EXPECT_THAT(
      HeadsWith("backends:\n"
                "  a: {servers: [10.0.0.5, b:1, b:1]}\n"
                "  \"b\\n\": x\n"
                "  c:\n"
                "  d: {servers: []}\n"),
      ElementsAre(
          "4:17: servers: '10.0.0.5' has no port; expected host:port, [IPv6]:port, unix:/path, "
          "srv:_service._tcp.name, builtin:echo, ws://host/path or wss://host/path",
          "4:32: servers: 'b:1' is in the list twice",
          "5:3: expected a name of 1 to 64 letters, digits, '-', '_' and '.', found 'b\\x0a'",
          "5:10: 'b\\x0a': expected a mapping (keys: servers, server, allow, resolve, ...), found "
          "'x'",
          "6:3: c: missing key 'servers'",
          "7:16: servers: expected a list of one or more addresses, found an empty list"));
}

TEST(LoadErrors, OfBackendReferences) {
  const std::string backends = "backends: {lab: {servers: [a:1]}, screens: {servers: [b]}}\n";
  const auto head = [&backends](const std::string& reference) {
    const auto heads =
        Heads("listeners: [\"8080\"]\n" + backends +
              "routes:\n  - {name: a, match: {path: /a}, backend: " + reference + "}\n");
    EXPECT_EQ(heads.size(), 2U);  // The first is that of `screens`.
    return heads.back();
  };
  EXPECT_EQ(head("labb"), "4:43: backend: unknown backend 'labb'; did you mean 'lab'?");
  EXPECT_EQ(head("db.internal"),
            "4:43: backend: unknown backend 'db.internal'; the known backends are: lab, screens; a "
            "server must have a port: host:port");
  EXPECT_EQ(head("lab:x"),
            "4:43: backend: 'lab:x' has a port that is not 1 to 65535; expected host:port, "
            "[IPv6]:port, unix:/path, srv:_service._tcp.name, builtin:echo, ws://host/path or "
            "wss://host/path");
  EXPECT_EQ(head("[a:1]"),
            "4:43: backend: expected the name of a backend, or a server, found a list");
}

TEST(LoadErrors, OfAFaultyBackendAreNotRepeatedAtItsRoutes) {
  EXPECT_THAT(Heads("listeners: [\"8080\"]\n"
                    "backends: {lab: {servers: x}}\n"
                    "routes: [{name: a, match: {path: /a}, backend: lab}]\n"),
              ElementsAre("2:27: servers: expected a list of one or more addresses, found 'x'"));
}

TEST(LoadErrors, OfAReferenceWithoutBackends) {
  EXPECT_THAT(HeadsOfRoute("    match: {path: /a}\n    backend: lab\n"),
              ElementsAre("5:14: backend: there is no backend 'lab', since the file has no "
                          "'backends'; expected a server: host:port such as lab:5900"));
}

TEST(LoadErrors, OfABackendThatIsOnlyAPort) {
  EXPECT_THAT(HeadsOfRoute("    match: {path: /a}\n    backend: 5900\n"),
              ElementsAre("5:14: backend: '5900' has no host; expected host:port such as "
                          "127.0.0.1:5900"));
}

TEST(LoadErrors, OfAMatchThatIsOnlyAPathOrAHost) {
  EXPECT_THAT(HeadsOfRoute("    match: /vnc\n    backend: a:1\n"),
              ElementsAre("4:12: match: expected a mapping such as {path: /vnc}, found '/vnc'"));
  EXPECT_THAT(HeadsOfRoute("    match: lab.example.com\n    backend: a:1\n"),
              ElementsAre("4:12: match: expected a mapping such as {host: lab.example.com}, found "
                          "'lab.example.com'"));
  EXPECT_THAT(
      HeadsOfRoute("    match: \"a, b\"\n    backend: a:1\n"),
      ElementsAre(
          "4:12: match: expected a mapping (keys: host, path, upgrade, query, ...), found 'a, b'"));
}

TEST(LoadErrors, OfAMisspeltKeyThatIsRequiredIsOne) {
  EXPECT_THAT(Heads("lisseners: [\"8080\"]\nroute: []\n"),
              ElementsAre("1:1: unknown key 'lisseners'; did you mean 'listeners'?",
                          "2:1: unknown key 'route'; did you mean 'routes'?"));
  EXPECT_THAT(HeadsOfRoute("    mach: {path: /a}\n    bakend: a:1\n"),
              ElementsAre("4:5: unknown key 'mach'; did you mean 'match'?",
                          "5:5: unknown key 'bakend'; did you mean 'backend'?"));
  EXPECT_THAT(HeadsOfRoute("    match: {path: /a}\n    backend: {sever: a:1}\n"),
              ElementsAre("5:15: unknown key 'sever'; did you mean 'server'?"));
  EXPECT_THAT(HeadsOfRoute("    match: {path: /a}\n    backend: a:1\n"
                           "    auth: [{basic: {user_file: a}}, {jwt: {algorithm: [ES256], "
                           "key_fil: b}}, {token: {directry: c}}]\n"),
              ElementsAre("6:21: unknown key 'user_file'; did you mean 'users_file'?",
                          "6:44: unknown key 'algorithm'; did you mean 'algorithms'?",
                          "6:64: unknown key 'key_fil'; did you mean 'key_file'?",
                          "6:87: unknown key 'directry'; did you mean 'directory'?"));
}

TEST(LoadErrors, OfAKeyAtTheTopThatBelongsElsewhere) {
  EXPECT_THAT(HeadsWith("limits: {sessions: 1}\ntls: {}\nbackend: a:1\n"),
              ElementsAre("3:1: 'limits' belongs in 'defaults', for all routes, or in the route "
                          "that it is for",
                          "4:1: 'tls' belongs in a listener, for clients, or in a backend, for its "
                          "servers",
                          "5:1: unknown key 'backend'; did you mean 'backends'?"));
}

TEST(LoadErrors, OfRoutes) {
  EXPECT_THAT(
      Heads("listeners: [\"8080\"]\n"
            "routes:\n"
            "  - {name: a, match: {path: vnc, host: \"a:80\"}, backend: a:1}\n"
            "  - {name: a, match: {}, backend: a:1}\n"
            "  - {}\n"
            "  - {name: a/b, match: {path: /**/x}, backend: a:1, static: builtin:console}\n"
            "  - hello\n"),
      ElementsAre(
          "3:29: path: expected a path that begins with '/', found 'vnc'",
          "3:40: host: expected a host name such as www.example.com, *.example.com or "
          "{name}.example.com, without a port (leave 'host' out for any host), found 'a:80'",
          "4:12: name: 'a' is already the name of the route in line 3",
          "4:22: match: expected one condition or more, such as 'path'",
          "5:5: routes: missing key 'name'", "5:5: routes: missing key 'match'",
          "5:5: routes: missing key 'backend' (or 'static')",
          "6:12: name: expected a name of 1 to 64 letters, digits, '-', '_' and '.', found 'a/b'",
          "6:31: path: expected a '*' only in a '/**' at the end (that path and everything below "
          "it), found '/**/x'",
          "6:61: static: a route has either a 'backend' or a 'static', not both",
          "7:5: routes: expected a mapping (keys: name, match, backend, static, ...), found "
          "'hello'"));
}

TEST(LoadErrors, OfWhatARouteCannotSay) {
  EXPECT_THAT(
      HeadsOfRoute("    match: {path: /a}\n"
                   "    backend: a:1\n"
                   "    timeouts: {handshake: 1s, drain: 1s, idel: 1s}\n"
                   "    limits: {header: 1KiB, mesage: 1MiB}\n"),
      ElementsAre("6:16: 'handshake' applies before a route is known; set it in 'timeouts' under "
                  "'defaults'",
                  "6:31: 'drain' applies to the whole process; set it in 'timeouts' under "
                  "'defaults'",
                  "6:42: unknown key 'idel'; did you mean 'idle'?",
                  "7:14: 'header' applies before a route is known; set it in 'limits' under "
                  "'defaults'",
                  "7:28: unknown key 'mesage'; did you mean 'message'?"));
}

TEST(LoadErrors, OfABackendOfTheRoutesOwn) {
  const auto heads = [](const std::string& backend) {
    return HeadsOfRoute("    match: {path: \"/pg/{server}\"}\n    backend: " + backend + "\n");
  };
  EXPECT_THAT(
      heads("{server: \"{sever}:5432\", allow: [10.0.0.0/8]}"),
      ElementsAre(
          "5:23: server: the route's match has no capture '{sever}'; did you mean 'server'?"));
  EXPECT_THAT(
      heads("{server: \"{server}:5432\"}"),
      ElementsAre(
          "5:23: server: needs 'allow': the ranges and names of servers that requests may reach"));
  EXPECT_THAT(heads("{server: \"{server}:5432\", allow: []}"),
              ElementsAre("5:47: allow: expected a list of one or more ranges and names, found an "
                          "empty list"));
  EXPECT_THAT(heads("{server: db:5432, allow: [a/8]}"),
              ElementsAre("5:23: server: expected a server with a '{name}', '{query.name}' or "
                          "'{claim.name}' in it, such as {name}:5432, found 'db:5432'",
                          "5:40: allow: expected an address range such as 10.0.0.0/8 or fd00::/8, "
                          "or one address, found 'a/8'"));
  EXPECT_THAT(heads("{allow: [10.0.0.0/8], servers: [a:1]}"),
              ElementsAre("5:22: allow: bounds a 'server' that the request names, and there is "
                          "none"));
  EXPECT_THAT(heads("{resolve: any, servers: [a:1]}"),
              ElementsAre("5:24: resolve: bounds a 'server' that the request names, and there is "
                          "none"));
  EXPECT_THAT(heads("{server: \"{server}:1\", allow: [10.0.0.0/8], resolve: no}"),
              ElementsAre("5:67: resolve: expected 'any' or 'listed', found 'no'"));
  EXPECT_THAT(heads("{server: \"{server}:1\", allow: [\"*.a.com\"], resolve: any}"),
              ElementsAre("5:66: resolve: has no effect, since 'allow' has no range that a name "
                          "could resolve to"));
  EXPECT_THAT(heads("{}"), ElementsAre("5:14: backend: expected one of the keys 'servers', "
                                       "'server' and 'from'"));
  EXPECT_THAT(heads("{server: \"{server}:1\", allow: [\"*\"], servers: [a:1]}"),
              ElementsAre("5:14: backend: expected one of the keys 'servers', 'server' and "
                          "'from'"));
  EXPECT_THAT(
      HeadsWith("backends: {a: {servers: [a:1], server: \"{x}:1\"}}\n"),
      ElementsAre(
          "3:40: server: belongs in the 'backend' of a route, where requests can name the server"));
  EXPECT_THAT(HeadsOfRoute("    match: {host: \"{a}.x.com\", path: \"/{b}/{a}\"}\n"
                           "    backend: a:1\n"),
              ElementsAre("4:12: match: two captures are named '{a}'"));
}

TEST(LoadErrors, OfAStaticRoute) {
  EXPECT_THAT(
      HeadsOfRoute("    match: {path: /a}\n"
                   "    keepalive: {ping_interval: 5s}\n"
                   "    timeouts: {idle: 5s}\n"
                   "    on_dial_failure: http\n"
                   "    subprotocols: [a]\n"
                   "    origins: [\"*\"]\n"
                   "    limits: {message: 1MiB}\n"
                   "    framing: lines\n"
                   "    compression: {enabled: true}\n"
                   "    static: /usr/share/novnc\n"),
      ElementsAre("5:16: keepalive: a static route has no sessions that this could apply to",
                  "6:15: timeouts: a static route has no sessions that this could apply to",
                  "7:22: on_dial_failure: a static route has no sessions that this could apply to",
                  "8:19: subprotocols: a static route has no sessions that this could apply to",
                  "9:14: origins: a static route has no sessions that this could apply to",
                  "10:13: limits: a static route has no sessions that this could apply to",
                  "11:14: framing: a static route has no sessions that this could apply to",
                  "12:18: compression: a static route has no sessions that this could apply to",
                  "13:13: static: expected 'builtin:console', the only page that sluice serves, "
                  "found '/usr/share/novnc'"));
}

TEST(LoadErrors, OfSubstitution) {
  EXPECT_THAT(HeadsWith("workers: ${N}\nadmin: {address: \"$PORT\"}\n"),
              ElementsAre("3:10: workers: the environment variable 'N' is not set; set it or write "
                          "'${N:-default}'",
                          "4:18: address: expected '${NAME}' after a '$'; write '$$' for a '$'"));
}

TEST(LoadErrors, OfAnAliasAreReportedOnce) {
  EXPECT_THAT(Heads("listeners: [\"8080\"]\n"
                    "routes:\n"
                    "  - {name: a, match: {path: /a}, backend: a:1, timeouts: &t {idle: 1}}\n"
                    "  - {name: b, match: {path: /b}, backend: a:1, timeouts: *t}\n"),
              ElementsAre("3:68: idle: expected a duration from 1s to 168h (units ms, s, m, h) or "
                          "'off', found '1'"));
}

TEST(LoadErrors, OfTooManyRoutes) {
  std::string text = "listeners: [1]\nroutes:\n";
  for (int i = 0; i <= 10'000; ++i) text += "  - a\n";
  EXPECT_THAT(Heads(text), ElementsAre("3:3: routes: expected at most 10000 routes, found 10001"));
}

struct SyntaxCase {
  std::string text;
  std::string head;
};

TEST(LoadErrors, OfSyntaxAreReworded) {
  for (const auto& [text, head] : {
           SyntaxCase{"a:\n\tb: 1\n", "2:3: not valid YAML: a tab cannot indent; use spaces"},
           SyntaxCase{"a: b: c\n",
                      "1:5: not valid YAML: found a key where none is expected; check the "
                      "indentation, and "
                      "put a value that contains ': ' in quotes"},
           SyntaxCase{"host: *.example.com\n",
                      "1:7: not valid YAML: a value that begins with '*' must be in quotes"},
           SyntaxCase{"a: [1, 2\nb: 3\n",
                      "2:2: not valid YAML: expected ',' or ']' here; put a value that contains "
                      "'{', '}', '[', ']' or ', ' in quotes"},
           SyntaxCase{"a: {b: ${C}}\n",
                      "1:9: not valid YAML: expected ',' or '}' here; put a value that contains "
                      "'{', '}', '[', ']' or ', ' in quotes"},
           SyntaxCase{"a:\n  - [::1]:80\n",
                      "2:10: not valid YAML: expected the next '- ' of the list here; check the "
                      "indentation, and put a value that begins with '[', '{' or a quote in quotes "
                      "as a whole"},
           SyntaxCase{"a: [::1]:80\n",
                      "1:9: not valid YAML: expected the next key of the mapping here; check the "
                      "indentation, and put a value that begins with '[', '{' or a quote in quotes "
                      "as a whole"},
           SyntaxCase{"a: @b\n",
                      "1:4: not valid YAML: this character cannot begin a value; put the value in "
                      "quotes"},
           SyntaxCase{"a: \"\\q\"\n",
                      "1:7: not valid YAML: an unknown escape in double quotes; write '\\\\' for a "
                      "backslash, or use single quotes"},
           SyntaxCase{"a: - b\n",
                      "1:4: not valid YAML: a list cannot begin here; begin it on a line of its "
                      "own"},
           SyntaxCase{"a: }\n",
                      "1:4: not valid YAML: a '}' or ']' that closes nothing; put the value in "
                      "quotes"},
           SyntaxCase{"a: 1\n---\nb: 2\n",
                      "2:1: not valid YAML: expected the end of the file's one document here; "
                      "check the indentation"},
           // yaml-cpp 0.7 finds documents without end here.
           SyntaxCase{"#\n,",
                      "2:1: not valid YAML: expected the end of the file's one document "
                      "here; check the indentation"},
           SyntaxCase{std::string(100'000, '['), "1:1: not valid YAML: this is nested too deeply"},
           SyntaxCase{std::string("a: b\0c", 6), "1:5: expected text, found a control character"},
           SyntaxCase{"a: \xff", "1:4: expected UTF-8 text, found another encoding"},
       }) {
    EXPECT_THAT(Heads(text), ElementsAre(head)) << text.substr(0, 100);
  }
}

TEST(LoadErrors, SurvivesNodesThatHoldThemselves) {
  EXPECT_THAT(Heads("&a [*a]"), ElementsAre("1:1: expected a mapping, found a list"));
  EXPECT_THAT(Heads("listeners: [1]\nroutes: &r [*r]\n"),
              ElementsAre("2:9: routes: expected a mapping (keys: name, match, backend, static, "
                          "...), found a list"));
  EXPECT_THAT(HeadsWith("defaults: &d {keepalive: *d}\n"),
              ElementsAre("3:15: unknown key 'keepalive'; the known keys here are: ping_interval, "
                          "pong_timeout, backend_timeout"));
}

TEST(LoadErrors, OfTheFileOfAUnixSocket) {
  const std::string routes = "routes: [{name: a, match: {path: /a}, backend: a:1}]\n";
  EXPECT_THAT(Heads(routes + "listeners:\n"
                             "  - {address: \"unix:/a\", mode: \"0888\"}\n"
                             "  - {address: \"unix:/b\", mode: rw, user: \"a b\"}\n"
                             "  - {address: \"unix:/c\", mode: \"1777\"}\n"
                             "  - {address: \"8080\", mode: \"0660\", user: a, group: b}\n"),
              ElementsAre("3:32: mode: expected an octal mode such as \"0660\", found '0888'",
                          "4:32: mode: expected an octal mode such as \"0660\", found 'rw'",
                          "4:42: user: expected a name of 1 to 64 letters, digits, '-', '_' and "
                          "'.', found 'a b'",
                          "5:32: mode: expected an octal mode such as \"0660\", found '1777'",
                          "6:29: mode: is only for the file of a Unix socket (unix:/path)",
                          "6:43: user: is only for the file of a Unix socket (unix:/path)",
                          "6:53: group: is only for the file of a Unix socket (unix:/path)"));

  const auto nobody_known = [](const std::string& name) -> std::optional<std::string> {
    return "there is no '" + name + "'";
  };
  const auto loaded =
      LoadString(routes + "listeners: [{address: \"unix:/a\", user: x, group: y}]\n", "f",
                 NoVariables, {.socket_user = nobody_known, .socket_group = nobody_known});
  ASSERT_FALSE(loaded);
  ASSERT_EQ(loaded.error().size(), 2u);
  EXPECT_EQ(loaded.error()[0].message, "user: there is no 'x'");
  EXPECT_EQ(loaded.error()[1].message, "group: there is no 'y'");
}

}  // namespace
}  // namespace sluice::config
