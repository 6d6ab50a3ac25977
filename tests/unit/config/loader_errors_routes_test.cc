// Faults in listeners, backends and routes.
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/diagnostics.h"

namespace sluice::config {
namespace {

using ::testing::ElementsAre;
using testing::Heads;
using testing::HeadsOfRoute;
using testing::HeadsWith;
using testing::NoVariables;

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
