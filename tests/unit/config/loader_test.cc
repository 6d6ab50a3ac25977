// Whole files: what becomes of a good one.
#include "sluice/config/loader.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

namespace sluice::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

std::optional<std::string> Lookup(const std::string& name) {
  if (name == "PORT") return "9000";
  if (name == "LAB") return "lab";
  return std::nullopt;
}

std::vector<std::string> Shown(const std::vector<Diagnostic>& diagnostics) {
  std::vector<std::string> shown;
  for (const auto& diagnostic : diagnostics) shown.push_back(diagnostic.ToString());
  return shown;
}

Loaded Load(const std::string& text) {
  auto loaded = LoadString(text, "sluice.yaml", Lookup);
  EXPECT_TRUE(loaded) << testing::PrintToString(Shown(loaded.error()));
  return loaded ? *std::move(loaded) : Loaded{};
}

constexpr char kMinimal[] = R"(
listeners: ["8080"]
routes:
  - {name: all, match: {path: /**}, backend: localhost:5900}
)";

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
  EXPECT_THAT(config.listeners[2].hosts, testing::Optional(ElementsAre("b.example.com")));
  EXPECT_THAT(config.hosts, testing::Optional(ElementsAre("*.a.example.com", "c")));
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

TEST(LoadString, LetsARouteOverrideFieldByField) {
  // The sections stand in an order in which each comes before what it refers to.
  const auto config = Load(R"(
routes:
  - name: a
    match: {path: /a}
    backend: lab
    keepalive: {pong_timeout: 3s}
    timeouts: {idle: off, close: 1s}
    on_dial_failure: close
    subprotocols: [x]
    origins: ["*"]
  - {name: b, match: {path: /b}, backend: lab}
backends: {lab: {servers: [a:1]}}
defaults:
  keepalive: {ping_interval: off, pong_timeout: 2s}
  timeouts: {idle: 1h, connect: 9s}
  on_dial_failure: http
  subprotocols: [y, z]
listeners: [8080]
)")
                          .config;
  ASSERT_EQ(config.routes.size(), 2U);
  const auto& a = config.routes[0].options;
  EXPECT_EQ(a.keepalive.ping_interval, 0s);
  EXPECT_EQ(a.keepalive.pong_timeout, 3s);
  EXPECT_EQ(a.connect_timeout, 9s);
  EXPECT_EQ(a.idle_timeout, 0s);
  EXPECT_EQ(a.close_timeout, 1s);
  EXPECT_EQ(a.on_dial_failure, settings::OnDialFailure::kClose);
  EXPECT_THAT(*a.subprotocols, ElementsAre("x"));
  EXPECT_THAT(*a.origins, ElementsAre("*"));
  const auto& b = config.routes[1].options;
  EXPECT_EQ(b.keepalive.pong_timeout, 2s);
  EXPECT_EQ(b.idle_timeout, 1h);
  EXPECT_EQ(b.close_timeout, 5s);
  EXPECT_EQ(b.on_dial_failure, settings::OnDialFailure::kHttp);
  EXPECT_THAT(*b.subprotocols, ElementsAre("y", "z"));
  EXPECT_FALSE(b.origins);
}

settings::Framing LoadFraming(const std::string& framing) {
  return Load(kMinimal + std::string("defaults: {framing: ") + framing + "}\n")
      .config.routes[0]
      .options.framing;
}

TEST(LoadString, ReadsEveryFraming) {
  EXPECT_EQ(LoadFraming("stream"), settings::Framing(settings::StreamFraming()));
  EXPECT_EQ(LoadFraming("{stream: {type: text}}"),
            settings::Framing(settings::StreamFraming{settings::MessageType::kText}));
  // The word, or without options, is as good as all defaults.
  for (const char* lines : {"lines", "{lines: {}}", "{lines: }"}) {
    EXPECT_EQ(LoadFraming(lines), settings::Framing(settings::LinesFraming())) << lines;
  }
  EXPECT_EQ(LoadFraming("length_prefixed"), settings::Framing(settings::LengthPrefixedFraming()));
  EXPECT_EQ(LoadFraming("{length_prefixed: {size: u8, type: text}}"),
            settings::Framing(
                settings::LengthPrefixedFraming{.size = 1, .type = settings::MessageType::kText}));
  EXPECT_EQ(LoadFraming("{length_prefixed: {size: u16, order: little, includes_header: true, "
                        "type_byte: true}}"),
            settings::Framing(settings::LengthPrefixedFraming{.size = 2,
                                                              .order = settings::ByteOrder::kLittle,
                                                              .includes_header = true,
                                                              .type_byte = true}));
  EXPECT_EQ(LoadFraming("{length_prefixed: {size: u32, type_byte: false, type: binary}}"),
            settings::Framing(settings::LengthPrefixedFraming()));
  EXPECT_EQ(LoadFraming("{lines: {type: \"${TYPE:-binary}\"}}"),
            settings::Framing(settings::LinesFraming{.type = settings::MessageType::kBinary}));
}

TEST(LoadString, ReplacesTheFramingAndOverridesTheRest) {
  const auto config = Load(R"(
listeners: [8080]
defaults:
  limits: {message: 1MiB}
  framing: {lines: {end: lf}}
  compression: {enabled: true, min_size: 5}
routes:
  - name: a
    match: {path: /a}
    backend: a:1
    limits: {message: 2MiB}
    framing: {lines: {max_length: 9}}
    compression: {memory_level: 3}
  - {name: b, match: {path: /b}, backend: a:1, framing: stream}
)")
                          .config;
  const auto& a = config.routes[0].options;
  EXPECT_EQ(a.message_limit, 2U << 20);
  EXPECT_EQ(a.framing, settings::Framing(settings::LinesFraming{.max_length = 9}));
  EXPECT_EQ(a.compression,
            (settings::Compression{.enabled = true, .min_size = 5, .memory_level = 3}));
  const auto& b = config.routes[1].options;
  EXPECT_EQ(b.message_limit, 1U << 20);
  EXPECT_EQ(b.framing, settings::Framing(settings::StreamFraming()));
  EXPECT_EQ(b.compression, (settings::Compression{.enabled = true, .min_size = 5}));
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

TEST(LoadString, WarnsOfRoutesThatAreNeverReached) {
  const auto [config, warnings, text] = Load(R"(
listeners: [8080]
routes:
  - {name: a, match: {host: "*.x.com", path: /a/**}, backend: a:1}
  - {name: b, match: {host: "*.y.x.com", path: /a/b}, backend: a:1}
  - {name: c, match: {host: x.com, path: /a}, backend: a:1}
  - {name: d, match: {path: /ab}, backend: a:1}
  - {name: e, match: {path: /**}, static: "builtin:console"}
  - {name: f, match: {host: z.com, path: /z}, backend: a:1}
)");
  EXPECT_EQ(config.routes.size(), 6U);
  EXPECT_THAT(Shown(warnings),
              ElementsAre("sluice.yaml:5:5: warning: route 'b' is never reached: route 'a' in line "
                          "4 comes first and "
                          "matches all that it matches\n"
                          "  - {name: b, match: {host: \"*.y.x.com\", path: /a/b}, backend: a:1}\n"
                          "    ^",
                          "sluice.yaml:9:5: warning: route 'f' is never reached: route 'e' in line "
                          "8 comes first and "
                          "matches all that it matches\n"
                          "  - {name: f, match: {host: z.com, path: /z}, backend: a:1}\n"
                          "    ^"));
}

TEST(LoadString, WarnsOfRoutesBehindCaptures) {
  const auto warnings = Load(R"(
listeners: [8080]
routes:
  - {name: a, match: {path: "/a/{x}"}, backend: a:1}
  - {name: b, match: {path: /a/b}, backend: a:1}
  - {name: c, match: {path: "/a/{x}/c"}, backend: a:1}
  - {name: d, match: {path: "/a/{y}"}, backend: a:1}
  - {name: e, match: {path: "/a/"}, backend: a:1}
  - {name: f, match: {path: "/f/{x}/{rest...}"}, backend: a:1}
  - {name: g, match: {path: "/f/{x}/**"}, backend: a:1}
  - {name: h, match: {path: "/f/1/2/3"}, backend: a:1}
  - {name: i, match: {host: "{name}.x.com", path: /i}, backend: a:1}
  - {name: j, match: {host: "y.x.com", path: /i}, backend: a:1}
  - {name: k, match: {host: "*.x.com", path: /i}, backend: a:1}
)")
                            .warnings;
  std::vector<std::string> hidden;
  for (const auto& warning : warnings) hidden.push_back(warning.message.substr(0, 9));
  EXPECT_THAT(hidden, ElementsAre("route 'b'", "route 'd'", "route 'h'", "route 'j'"));
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

TEST(LoadString, WarnsOfRangesThatNoNameCanReach) {
  const auto warnings = [](const std::string& backend) {
    const auto loaded = Load(
        "listeners: [8080]\nroutes:\n  - name: pg\n    match: {path: \"/{s}\"}\n"
        "    backend: " +
        backend + "\n");
    std::vector<std::string> heads;
    for (const auto& warning : loaded.warnings) heads.push_back(warning.message.substr(0, 27));
    return heads;
  };
  EXPECT_THAT(warnings("{server: \"{s}.internal:5432\", allow: [10.1.0.0/16]}"),
              ElementsAre("no request is allowed: it c"));
  for (const char* const good :
       {"{server: \"{s}.internal:5432\", allow: [10.1.0.0/16], resolve: any}",
        "{server: \"{s}.internal:5432\", allow: [10.1.0.0/16, \"*.internal\"]}",
        "{server: \"{s}:5432\", allow: [10.1.0.0/16]}",
        "{server: \"10.1.2.{s}:5432\", allow: [10.1.0.0/16]}"}) {
    EXPECT_THAT(warnings(good), ElementsAre()) << good;
  }
}

class LoadFileTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "sluice_config_XXXXXX";
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    directory_ = name;
    path_ = directory_ + "/sluice.yaml";
  }
  void TearDown() override {
    std::remove(path_.c_str());
    std::remove(directory_.c_str());
  }
  void Write(const std::string& text) { std::ofstream(path_) << text; }

  std::string directory_;
  std::string path_;
};

TEST_F(LoadFileTest, ReadsAFile) {
  Write(kMinimal);
  const auto loaded = LoadFile(path_);
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->config.routes[0].name, "all");
}

TEST_F(LoadFileTest, UsesTheProcessEnvironment) {
  ASSERT_EQ(setenv("SLUICE_CONFIG_TEST_PORT", "1234", 1), 0);
  Write(
      "listeners: [\"${SLUICE_CONFIG_TEST_PORT}\"]\n"
      "routes: [{name: a, match: {path: /a}, backend: \"${SLUICE_CONFIG_TEST_NONE}\"}]\n");
  const auto loaded = LoadFile(path_);
  unsetenv("SLUICE_CONFIG_TEST_PORT");
  ASSERT_FALSE(loaded);
  ASSERT_EQ(loaded.error().size(), 1U);
  EXPECT_EQ(loaded.error()[0].file, path_);
  EXPECT_EQ(loaded.error()[0].line, 2);
}

TEST_F(LoadFileTest, ReadsTheAdminSectionOfAFileWithErrorsElsewhere) {
  Write("admin: {address: 127.0.0.1:9191}\nlisteners: [\"127.0.0.1:9191\"]\nrouts: 1\n");
  const auto admin = LoadAdmin(path_);
  ASSERT_TRUE(admin);
  ASSERT_TRUE(*admin);
  EXPECT_EQ((**admin).address.ToString(), "127.0.0.1:9191");

  Write(kMinimal);
  const auto none = LoadAdmin(path_);
  ASSERT_TRUE(none);
  EXPECT_FALSE(*none);

  Write("admin: {address: nowhere}\nrouts: 1\n");
  const auto bad = LoadAdmin(path_);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().size(), 1U);
  EXPECT_EQ(bad.error()[0].line, 1);
  EXPECT_FALSE(LoadAdmin(directory_ + "/none"));
}

TEST_F(LoadFileTest, SaysWhyAFileCannotBeRead) {
  const auto missing = LoadFile(path_);
  ASSERT_FALSE(missing);
  EXPECT_THAT(Shown(missing.error()),
              ElementsAre(path_ + ": cannot be read: No such file or directory"));
  const auto directory = LoadFile(directory_);
  ASSERT_FALSE(directory);
  EXPECT_THAT(Shown(directory.error()),
              ElementsAre(directory_ + ": cannot be read: Is a directory"));
}

TEST_F(LoadFileTest, AReloadDoesNotWaitForTheWriterOfAFifo) {
  ASSERT_EQ(mkfifo(path_.c_str(), 0600), 0);
  const auto loaded = LoadFile(path_, {}, {}, base::FileKinds::kRegularOnly);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(Shown(loaded.error()), ElementsAre(path_ + ": is not a regular file"));
  const auto admin = LoadAdmin(path_);
  ASSERT_FALSE(admin);
  EXPECT_THAT(Shown(admin.error()), ElementsAre(path_ + ": is not a regular file"));
}

TEST_F(LoadFileTest, BoundsTheSize) {
  std::string text = kMinimal;
  text += '#';
  text.resize(kMaxFileSize, 'x');
  Write(text);
  EXPECT_TRUE(LoadFile(path_));
  Write(text + 'x');
  const auto loaded = LoadFile(path_);
  ASSERT_FALSE(loaded);
  EXPECT_THAT(Shown(loaded.error()), ElementsAre(path_ + ": is larger than 4 MiB"));
}

}  // namespace
}  // namespace sluice::config
