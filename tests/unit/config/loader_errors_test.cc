// Whole files with faults: every error at once, at its place, in these words.
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/diagnostics.h"

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using testing::Errors;
using testing::Heads;
using testing::HeadsOfRoute;
using testing::HeadsWith;

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

}  // namespace
}  // namespace sluice::config
