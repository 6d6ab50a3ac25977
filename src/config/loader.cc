// Reads the top level of the file, and turns bytes into a Config. Sections that others refer to are
// read first, regardless of their order in the file.
#include "sluice/config/loader.h"

#include <cstdlib>
#include <exception>
#include <sstream>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include "config/addresses.h"
#include "config/auth.h"
#include "config/backends.h"
#include "config/balance.h"
#include "config/framing.h"
#include "config/health.h"
#include "config/lifecycle.h"
#include "config/match.h"
#include "config/options.h"
#include "config/proxy.h"
#include "config/reader.h"
#include "config/routes.h"
#include "config/source_text.h"
#include "config/syntax_error.h"
#include "config/tls.h"
#include "config/values.h"
#include "config/websocket.h"

namespace sluice::config {
namespace {

using base::Result;
using base::Unexpected;
using Diagnostics = std::vector<Diagnostic>;

struct RootDraft {
  std::optional<Value> user;
  std::optional<Value> workers;
  std::optional<Value> reload;
  std::optional<Value> drain;
  std::optional<Value> log;
  std::optional<Value> listeners;
  std::optional<Value> hosts;
  std::optional<Value> admin;
  std::optional<Value> trusted_proxies;
  std::optional<Value> dns;
  std::optional<Value> auth_failures;
  std::optional<Value> defaults;
  std::optional<Value> backends;
  std::optional<Value> routes;
};

template <auto member>
void Keep(Reader& /*reader*/, const Value& value, RootDraft& draft) {
  draft.*member = value;
}

constexpr Field<RootDraft> kRootFields[] = {
    {"user", Keep<&RootDraft::user>},
    {"workers", Keep<&RootDraft::workers>},
    {"reload", Keep<&RootDraft::reload>},
    {"drain", Keep<&RootDraft::drain>},
    {"log", Keep<&RootDraft::log>},
    {"listeners", Keep<&RootDraft::listeners>},
    {"hosts", Keep<&RootDraft::hosts>},
    {"admin", Keep<&RootDraft::admin>},
    {"trusted_proxies", Keep<&RootDraft::trusted_proxies>},
    {"dns", Keep<&RootDraft::dns>},
    {"defaults", Keep<&RootDraft::defaults>},
    {"backends", Keep<&RootDraft::backends>},
    {"routes", Keep<&RootDraft::routes>},
    {"auth_failures", Keep<&RootDraft::auth_failures>},
};

constexpr std::string_view kOfRoutes =
    "belongs in 'defaults', for all routes, or in the route that it is for";
constexpr std::string_view kOfOneRoute = "belongs in a route: a list item of 'routes'";

constexpr Misplaced kNotAtTheTop[] = {
    {"auth", kOfRoutes},
    {"close_codes", kOfRoutes},
    {"compression", kOfRoutes},
    {"framing", kOfRoutes},
    {"keepalive", kOfRoutes},
    {"limits", kOfRoutes},
    {"on_dial_failure", kOfRoutes},
    {"on_removal", kOfRoutes},
    {"origins", kOfRoutes},
    {"require_origin", kOfRoutes},
    {"subprotocols", kOfRoutes},
    {"timeouts", kOfRoutes},
    {"match", kOfOneRoute},
    {"static", kOfOneRoute},
    {"tls", "belongs in a listener, for clients, or in a backend, for its servers"},
    {"proxy_protocol", "belongs in a listener, for clients, or in a backend, for its servers"},
    {"health_check", "belongs in a backend: an entry of 'backends'"},
};

Defaults ReadDefaultsInto(Reader& reader, const RootDraft& draft, settings::Config& config) {
  Defaults defaults;
  if (draft.defaults) ReadDefaults(reader, *draft.defaults, defaults);
  config.limits = defaults.limits;
  config.handshake_timeout = defaults.handshake_timeout;
  config.drain_timeout = defaults.drain_timeout;
  return defaults;
}

// The admin listener issues tickets.
void CheckTickets(Reader& reader, const RootDraft& draft, const settings::Config& config) {
  const bool uses_tickets = UsesTickets(config.routes);
  const bool has_token = config.admin && !config.admin->token_file.empty();
  if (uses_tickets && !has_token && (config.admin || !draft.admin)) {
    reader.Error(draft.admin ? *draft.admin : *draft.routes,
                 "a route takes tickets; expected an 'admin' with a 'token_file', which hands them "
                 "out");
  }
}

// The items of `routes` are the routes of the configuration, if there are no errors.
void WarnOfExposure(Reader& reader, const Value& routes, const FileChecks& checks,
                    const settings::Config& config) {
  if (!checks.exposure || reader.has_errors()) return;
  for (size_t i = 0; i < config.routes.size(); ++i) {
    const auto warning = checks.exposure(config, config.routes[i]);
    if (warning) reader.Warn({"routes", {}, routes.node[i].Mark()}, *warning);
  }
}

settings::Config ReadRoot(Reader& reader, const Value& root, const FileChecks& checks) {
  settings::Config config;
  RootDraft draft;
  if (!reader.ReadMapping<RootDraft>(root, kRootFields, draft, kNotAtTheTop)) {
    return config;
  }
  if (draft.user) {
    settings::User user;
    if (reader.ReadScalar(*draft.user, "a user", ParseUser, user)) {
      const auto fault = checks.user ? checks.user(user) : std::nullopt;
      if (fault) reader.Error(*draft.user, *fault);
      config.user = std::move(user);
    }
  }
  if (draft.workers) {
    reader.ReadScalar(*draft.workers, "'auto' or a number", ParseWorkers, config.workers);
  }
  if (draft.listeners) {
    ReadListeners(reader, *draft.listeners, checks, config.listeners);
  } else {
    reader.Missing(root, "listeners");
  }
  if (draft.hosts) ReadHosts(reader, *draft.hosts, config.hosts);
  if (draft.admin) ReadAdmin(reader, *draft.admin, config.listeners, config.admin);
  if (draft.trusted_proxies) {
    ReadTrustedProxies(reader, *draft.trusted_proxies, config.trusted_proxies);
  }
  if (draft.dns) ReadDns(reader, *draft.dns, config.dns);
  if (draft.auth_failures) ReadAuthFailures(reader, *draft.auth_failures, config.auth_failures);
  const auto defaults = ReadDefaultsInto(reader, draft, config);
  if (draft.reload) ReadReload(reader, *draft.reload, config.reload);
  if (draft.drain) ReadDrain(reader, *draft.drain, config.drain_timeout, config.drain);
  if (draft.log) ReadLog(reader, *draft.log, config.log);
  BackendTable table;
  table.is_unknown = reader.IsMisspelt(root, "backends");
  if (draft.backends) ReadBackends(reader, *draft.backends, checks, table);
  if (draft.routes) {
    ReadRoutes(reader, *draft.routes, defaults.options, config.listeners, checks, table,
               config.routes);
  } else {
    reader.Missing(root, "routes");
  }
  config.backends = std::move(table.backends);
  CheckTickets(reader, draft, config);
  if (draft.routes) WarnOfExposure(reader, *draft.routes, checks, config);
  return config;
}

Unexpected<Diagnostics> Fail(Diagnostic diagnostic) {
  return Unexpected(Diagnostics{std::move(diagnostic)});
}

// Notes the beginnings of documents only.
class DocumentStarts : public YAML::EventHandler {
 public:
  void OnDocumentStart(const YAML::Mark& mark) override { start_ = mark; }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
  void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
  void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                const std::string&) override {}
  void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {}
  void OnSequenceEnd() override {}
  void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  YAML::EmitterStyle::value) override {}
  void OnMapEnd() override {}

  /// Of the last document so far.
  const YAML::Mark& start() const { return start_; }

 private:
  YAML::Mark start_;
};

// Returns the place of a second document, if there is one. YAML::LoadAll() cannot be used: in
// yaml-cpp 0.7 it never ends for a stray comma, where it finds empty documents without end.
std::optional<YAML::Mark> FindSecondDocument(const std::string& text) {
  std::istringstream stream(text);
  YAML::Parser parser(stream);
  DocumentStarts starts;
  if (!parser.HandleNextDocument(starts) || !parser.HandleNextDocument(starts)) {
    return std::nullopt;
  }
  return starts.start();
}

// Reads the admin section alone. Errors elsewhere in the file are not reported.
settings::Config ReadAdminSection(Reader& reader, const Value& root, const SourceText& source,
                                  const Environment& environment) {
  settings::Config config;
  RootDraft draft;
  const FileChecks none;
  Reader elsewhere(source, environment, none);
  if (elsewhere.ReadMapping<RootDraft>(root, kRootFields, draft) && draft.admin) {
    ReadAdmin(reader, *draft.admin, {}, config.admin);
  }
  return config;
}

using ReadConfig = std::function<settings::Config(Reader& reader, const Value& root)>;

// Throws the exceptions of yaml-cpp.
LoadResult LoadSource(const SourceText& source, const Environment& environment,
                      const FileChecks& checks, const ReadConfig& read) {
  const std::string text(source.text());
  if (const auto second = FindSecondDocument(text)) {
    return Fail(source.At(second->line, second->column,
                          "not valid YAML: expected the end of the file's one document here; check "
                          "the indentation"));
  }
  const auto document = YAML::Load(text);
  Reader reader(source, environment, checks);
  auto config = read(reader, {{}, document, document.IsNull() ? YAML::Mark() : document.Mark()});
  const bool has_errors = reader.has_errors();
  auto diagnostics = reader.TakeAll();
  if (has_errors) return Unexpected(std::move(diagnostics));
  return Loaded{std::move(config), std::move(diagnostics), text};
}

// Throws no exception.
LoadResult LoadText(const SourceText& source, const Environment& environment,
                    const FileChecks& checks, const ReadConfig& read) {
  if (source.text().size() > kMaxFileSize) {
    return Fail(source.AboutFile("is larger than " + std::to_string(kMaxFileMib) + " MiB"));
  }
  if (auto fault = source.FindFault()) return Fail(*std::move(fault));
  try {
    return LoadSource(source, environment, checks, read);
  } catch (const YAML::Exception& error) {
    const auto mark = error.mark.is_null() ? YAML::Mark() : error.mark;
    return Fail(
        source.At(mark.line, mark.column, DescribeSyntaxError(error.msg, source.Line(mark.line))));
  } catch (const std::exception& error) {
    return Fail(source.AboutFile(std::string("cannot be loaded: ") + error.what()));
  }
}

Unexpected<Diagnostics> FailToRead(const std::string& path, const std::string& reason) {
  return Fail({path, 0, 0, reason, {}});
}

}  // namespace

Environment ProcessEnvironment() {
  return [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

LoadResult LoadString(std::string_view text, std::string file_name, const Environment& environment,
                      const FileChecks& checks) {
  const SourceText source(text, std::move(file_name));
  return LoadText(source, environment, checks, [&checks](Reader& reader, const Value& root) {
    return ReadRoot(reader, root, checks);
  });
}

LoadResult LoadFile(const std::string& path, const Environment& environment,
                    const FileChecks& checks, base::FileKinds kinds) {
  const auto bytes = base::ReadFile(path, kMaxFileMib, kinds);
  if (!bytes) return FailToRead(path, bytes.error());
  return LoadString(*bytes, path, environment, checks);
}

Result<std::optional<settings::Admin>, std::vector<Diagnostic>> LoadAdmin(
    const std::string& path, const Environment& environment) {
  const auto bytes = base::ReadFile(path, kMaxFileMib);
  if (!bytes) return FailToRead(path, bytes.error());
  const SourceText source(*bytes, path);
  auto loaded = LoadText(source, environment, {}, [&](Reader& reader, const Value& root) {
    return ReadAdminSection(reader, root, source, environment);
  });
  if (!loaded) return Unexpected(std::move(loaded).error());
  return std::move(loaded->config.admin);
}

std::vector<KnownMapping> KnownMappings() {
  std::vector<KnownMapping> mappings;
  mappings.push_back({"", KeysOf<RootDraft>(kRootFields)});
  AddLifecycleMappings(mappings);
  AddAddressMappings(mappings);
  AddBackendMappings(mappings);
  AddBalanceMappings(mappings);
  AddTlsMappings(mappings);
  AddHealthMappings(mappings);
  AddProxyMappings(mappings);
  AddWebSocketMappings(mappings);
  AddOptionMappings(mappings);
  AddAuthMappings(mappings);
  AddFramingMappings(mappings);
  AddRouteMappings(mappings);
  AddMatchMappings(mappings);
  return mappings;
}

}  // namespace sluice::config
