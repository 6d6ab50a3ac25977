// Whole files without errors, and what they mean.
#include "sluice/config/loader.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/load_text.h"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::kMinimal;
using testing::Load;

TEST(LoadString, FillsInEveryDefault) {
  const auto [config, warnings, text] = Load(kMinimal);
  EXPECT_THAT(warnings, IsEmpty());
  EXPECT_EQ(config.workers, 0U);
  ASSERT_EQ(config.listeners.size(), 1U);
  EXPECT_EQ(config.listeners[0].address.ToString(), "[::]:8080");
  EXPECT_FALSE(config.admin);
  EXPECT_EQ(config.limits.request_line, 8192U);
  EXPECT_EQ(config.limits.header, 16384U);
  EXPECT_EQ(config.limits.header_count, 100U);
  EXPECT_EQ(config.handshake_timeout, 10s);
  EXPECT_EQ(config.drain_timeout, 8s);
  EXPECT_THAT(config.dns.servers, IsEmpty());
  EXPECT_EQ(config.dns.timeout, 2s);
  EXPECT_EQ(config.dns.attempts, 2);
  EXPECT_EQ(config.dns.cache, 5min);
  ASSERT_EQ(config.backends.size(), 1U);
  EXPECT_EQ(config.backends[0].name, "localhost:5900");
  ASSERT_EQ(config.routes.size(), 1U);
  const auto& route = config.routes[0];
  EXPECT_EQ(route.name, "all");
  EXPECT_EQ(route.match.host, "");
  EXPECT_EQ(route.match.path.ToString(), "/**");
  EXPECT_EQ(route.backend, 0U);
  EXPECT_FALSE(route.is_console);
  const auto& options = route.options;
  EXPECT_EQ(options.keepalive.ping_interval, 20s);
  EXPECT_EQ(options.keepalive.pong_timeout, 10s);
  EXPECT_EQ(options.keepalive.backend_timeout, 2min);
  EXPECT_EQ(options.connect_timeout, 5s);
  EXPECT_EQ(options.idle_timeout, 0s);
  EXPECT_EQ(options.close_timeout, 5s);
  EXPECT_EQ(options.close_total, 1min);
  EXPECT_EQ(options.on_dial_failure, settings::OnDialFailure::kClose);
  EXPECT_EQ(options.close_codes, settings::CloseCodes::kStandard);
  EXPECT_EQ(options.on_removal, settings::OnRemoval::kKeep);
  EXPECT_EQ(config.reload, settings::Reload::kSignal);
  EXPECT_EQ(config.drain, settings::Drain());
  EXPECT_EQ(config.log, settings::LogOptions());
  EXPECT_FALSE(options.subprotocols);
  EXPECT_FALSE(options.origins);
  EXPECT_FALSE(options.require_origin);
  EXPECT_EQ(options.max_age, 0s);
  EXPECT_EQ(config.limits.memory, 0U);
  EXPECT_EQ(config.limits.socket_buffer, 0U);
  EXPECT_FALSE(options.bandwidth.is_bounded());
  EXPECT_EQ(options.message_limit, 16U << 20);
  EXPECT_EQ(options.framing, settings::Framing(settings::StreamFraming()));
  EXPECT_EQ(options.compression, settings::Compression());
  EXPECT_FALSE(options.compression.enabled);
}

TEST(LoadString, ReadsEveryKey) {
  const auto [config, warnings, text] = Load(R"(
workers: 3
reload: watch
drain: {delay: 2s, window: 3s}
log: {session_opened: true}
listeners:
  - 127.0.0.1:0
  - 127.0.0.1:0  # any other free port
  - address: unix:/run/sluice.sock
    hosts: [B.example.com]
    mode: "0640"
    user: www-data
    group: 33
hosts: ["*.a.example.com", c]
admin: {address: 127.0.0.1:9090, hosts: [sluice]}
dns: {servers: ["127.0.0.1:5353", "::1"], timeout: 1s, attempts: 3, cache: off}
defaults:
  keepalive: {ping_interval: 1s, pong_timeout: 2s, backend_timeout: 3s}
  timeouts: {handshake: 4s, connect: 5500ms, idle: 6m, max_age: 9h, close: 7s, close_total: 70s, drain: 9s}
  limits:
    {request_line: 1024, header: 2KiB, header_count: 9, message: 5MiB, memory: 3MiB,
     socket_buffer: 64KiB,
     bandwidth: {to_backend: 1KiB, to_client: off}}
  require_origin: true
  on_dial_failure: http
  close_codes: websockify
  on_removal: close
  subprotocols: [binary, mqtt]
  origins: [HTTPS://A.example:443, "null"]
  framing: {lines: {end: lf, max_length: 510, type: binary}}
  compression:
    enabled: true
    min_size: 99
    server_context_takeover: true
    client_context_takeover: true
    server_window_bits: 9
    client_window_bits: 10
    memory_level: 1
backends:
  lab: {servers: [10.0.0.5:5900, "unix:/run/app.sock", "[::1]:22", "builtin:echo"]}
routes:
  - name: vnc
    match: {host: "*.LAB.example.com", path: /vnc}
    backend: lab
  - name: page
    match: {path: "/page/**"}
    static: builtin:console
)");
  EXPECT_THAT(warnings, IsEmpty());
  EXPECT_EQ(config.workers, 3U);
  ASSERT_EQ(config.listeners.size(), 3U);
  EXPECT_EQ(config.listeners[2].address.ToString(), "unix:/run/sluice.sock");
  EXPECT_EQ(config.listeners[2].socket_file, (settings::SocketFile{0640, "www-data", "33"}));
  EXPECT_EQ(config.listeners[0].socket_file, settings::SocketFile());
  EXPECT_EQ(config.listeners[0].hosts, std::nullopt);
  EXPECT_THAT(config.listeners[2].hosts, ::testing::Optional(ElementsAre("b.example.com")));
  EXPECT_THAT(config.hosts, ::testing::Optional(ElementsAre("*.a.example.com", "c")));
  ASSERT_TRUE(config.admin);
  EXPECT_EQ(config.admin->address.ToString(), "127.0.0.1:9090");
  EXPECT_THAT(config.admin->hosts, ElementsAre("sluice"));
  ASSERT_EQ(config.dns.servers.size(), 2U);
  EXPECT_EQ(config.dns.servers[0].ToString(), "127.0.0.1:5353");
  EXPECT_EQ(config.dns.servers[1].ToString(), "[::1]:53");
  EXPECT_EQ(config.dns.timeout, 1s);
  EXPECT_EQ(config.dns.attempts, 3);
  EXPECT_EQ(config.dns.cache, 0s);
  EXPECT_EQ(config.handshake_timeout, 4s);
  EXPECT_EQ(config.drain_timeout, 9s);
  EXPECT_EQ(config.limits.request_line, 1024U);
  EXPECT_EQ(config.limits.header, 2048U);
  EXPECT_EQ(config.limits.header_count, 9U);
  ASSERT_EQ(config.backends.size(), 1U);
  ASSERT_EQ(config.backends[0].servers.size(), 4U);
  EXPECT_EQ(config.backends[0].servers[3].address.kind, settings::Endpoint::Kind::kBuiltin);
  ASSERT_EQ(config.routes.size(), 2U);
  EXPECT_EQ(config.routes[0].match.host, "*.lab.example.com");
  EXPECT_EQ(config.routes[0].match.path.ToString(), "/vnc");
  const auto& options = config.routes[0].options;
  EXPECT_EQ(options.keepalive.ping_interval, 1s);
  EXPECT_EQ(options.keepalive.pong_timeout, 2s);
  EXPECT_EQ(options.keepalive.backend_timeout, 3s);
  EXPECT_EQ(options.connect_timeout, 5500ms);
  EXPECT_EQ(options.idle_timeout, 6min);
  EXPECT_EQ(options.close_timeout, 7s);
  EXPECT_EQ(options.close_total, 70s);
  EXPECT_EQ(options.on_dial_failure, settings::OnDialFailure::kHttp);
  EXPECT_EQ(options.on_removal, settings::OnRemoval::kClose);
  EXPECT_EQ(config.reload, settings::Reload::kWatch);
  EXPECT_EQ(config.drain, (settings::Drain{2s, 3s}));
  EXPECT_TRUE(config.log.session_opened);
  EXPECT_EQ(options.close_codes, settings::CloseCodes::kWebsockify);
  EXPECT_THAT(*options.subprotocols, ElementsAre("binary", "mqtt"));
  EXPECT_THAT(*options.origins, ElementsAre("https://a.example", "null"));
  EXPECT_TRUE(options.require_origin);
  EXPECT_EQ(options.max_age, 9h);
  EXPECT_EQ(config.limits.memory, 3U << 20);
  EXPECT_EQ(config.limits.socket_buffer, 64U << 10);
  EXPECT_EQ(options.bandwidth.to_backend, 1024U);
  EXPECT_EQ(options.bandwidth.to_client, 0U);
  EXPECT_EQ(options.message_limit, 5U << 20);
  EXPECT_EQ(options.framing, settings::Framing(settings::LinesFraming{
                                 settings::LineEnd::kLf, 510, settings::MessageType::kBinary}));
  EXPECT_EQ(options.compression, (settings::Compression{true, 99, true, true, 9, 10, 1}));
  EXPECT_TRUE(config.routes[1].is_console);
  EXPECT_FALSE(config.routes[1].backend);
}

TEST(LoadString, SharesTheBackendOfEqualShortForms) {
  const auto config = Load(R"(
listeners: [8080]
backends:
  unused: {servers: ["[::1]:1"]}
routes:
  - {name: a, match: {path: /a}, backend: "[::1]:1"}
  - {name: b, match: {path: /b}, backend: "[0::1]:1"}
  - {name: c, match: {path: /c}, backend: "${LAB}:1"}
  - {name: d, match: {path: /d}, backend: builtin:echo}
)")
                          .config;
  ASSERT_EQ(config.backends.size(), 4U);
  EXPECT_EQ(config.backends[0].name, "unused");
  EXPECT_EQ(config.backends[1].name, "[::1]:1");
  EXPECT_EQ(config.routes[0].backend, 1U);
  EXPECT_EQ(config.routes[1].backend, 1U);
  EXPECT_EQ(config.routes[2].backend, 2U);
  EXPECT_EQ(config.backends[2].name, "lab:1");
  EXPECT_EQ(config.routes[3].backend, 3U);
}

TEST(LoadString, SubstitutesInEveryKindOfValue) {
  const auto config = Load(R"(
workers: ${WORKERS:-auto}
listeners: ["127.0.0.1:${PORT}"]
defaults: {limits: {header_count: "${COUNT:-7}"}, timeouts: {idle: "${IDLE:-5m}"}}
backends: {lab: {servers: ["${HOST:-db}:1"]}}
routes:
  - {name: "${LAB}-1", match: {path: "/${LAB}/**"}, backend: "${LAB}"}
)")
                          .config;
  EXPECT_EQ(config.workers, 0U);
  EXPECT_EQ(config.listeners[0].address.ToString(), "127.0.0.1:9000");
  EXPECT_EQ(config.limits.header_count, 7U);
  EXPECT_EQ(config.routes[0].options.idle_timeout, 5min);
  EXPECT_EQ(config.routes[0].name, "lab-1");
  EXPECT_EQ(config.routes[0].match.path.ToString(), "/lab/**");
  EXPECT_EQ(config.backends[0].servers[0].address.ToString(), "db:1");
}

TEST(LoadString, TakesAnchorsAndEmptySections) {
  const auto config = Load(R"(
listeners: [8080]
dns:
backends:
defaults:
  keepalive:
  timeouts: &times {idle: 5m}
routes:
  - {name: a, match: {path: /a}, backend: a:1, timeouts: *times}
)")
                          .config;
  EXPECT_EQ(config.routes[0].options.idle_timeout, 5min);
  EXPECT_EQ(config.routes[0].options.keepalive.ping_interval, 20s);
}

TEST(LoadString, TakesWindowsLinesAndAByteOrderMark) {
  const auto config =
      Load(
          "\xEF\xBB\xBFlisteners: [8080]\r\nroutes:\r\n  - {name: a, match: {path: /a}, backend: "
          "a:1}\r\n")
          .config;
  EXPECT_EQ(config.routes[0].match.path.path, "/a");
}

TEST(LoadString, ReadsABackendOfTheRoutesOwn) {
  const auto config = Load(R"(
listeners: [8080]
routes:
  - name: pg
    match: {host: "{tenant}.example.com", path: "/pg/{server}"}
    backend: {server: "{server}.{tenant}.internal:5432", allow: [10.1.0.0/16, "*.internal:5432"]}
  - name: two
    match: {path: /two}
    backend: {servers: [a:1, b:1]}
)")
                          .config;
  ASSERT_EQ(config.backends.size(), 2U);
  const auto& dynamic = config.backends[*config.routes[0].backend];
  EXPECT_EQ(dynamic.name, "route:pg");
  ASSERT_TRUE(dynamic.target);
  ASSERT_EQ(dynamic.servers.size(), 1U);
  EXPECT_EQ(dynamic.servers[0].address.kind, settings::Endpoint::Kind::kDynamic);
  EXPECT_EQ(dynamic.servers[0].address.ToString(), "{server}.{tenant}.internal:5432");
  EXPECT_EQ(dynamic.target->allow.size(), 2U);
  const auto& two = config.backends[*config.routes[1].backend];
  EXPECT_EQ(two.name, "route:two");
  EXPECT_EQ(two.servers.size(), 2U);
  EXPECT_FALSE(two.target);
}

}  // namespace
}  // namespace sluice::config
