#include "config/backends.h"

#include <algorithm>

#include "sluice/config/suggest.h"
#include "sluice/settings/address_text.h"
#include "sluice/settings/backend.h"
#include "sluice/settings/endpoint.h"
#include "sluice/settings/quote.h"
#include "sluice/settings/route.h"

#include "config/balance.h"
#include "config/health.h"
#include "config/proxy.h"
#include "config/targets.h"
#include "config/tls.h"
#include "config/values.h"
#include "config/websocket.h"

namespace sluice::config {
namespace {

// Reads a list of different servers. Their texts must also be different, because the metrics show
// only the texts.
std::vector<settings::Server> ReadServers(Reader& reader, const Value& value) {
  std::vector<settings::Server> servers;
  for (const auto& item : reader.Items(value, "addresses")) {
    settings::Server server;
    if (!ReadServer(reader, item, server)) continue;
    const auto text = server.address.ToString();
    const auto is_same = [&text](const settings::Server& other) {
      return other.address.ToString() == text;
    };
    if (std::any_of(servers.begin(), servers.end(), is_same)) {
      reader.Error(item, settings::Quote(text) + " is in the list twice");
    }
    servers.push_back(std::move(server));
  }
  return servers;
}

struct BackendDraft {
  std::vector<settings::Server> servers;
  settings::SendProxy proxy_protocol = settings::SendProxy::kOff;
  bool has_servers = false;
  TargetDraft target;
  std::optional<Value> from;
  std::optional<Value> tls;
  std::optional<Value> websocket;
  std::optional<Value> health_check;
  BalanceDraft balance;
};

template <auto read>
void InBalance(Reader& reader, const Value& value, BackendDraft& draft) {
  read(reader, value, draft.balance);
}

constexpr Field<BackendDraft> kBackendFields[] = {
    {"servers",
     [](Reader& reader, const Value& value, BackendDraft& draft) {
       draft.has_servers = true;
       draft.servers = ReadServers(reader, value);
     }},
    {"server",
     [](Reader&, const Value& value, BackendDraft& draft) { draft.target.server = value; }},
    {"allow", [](Reader&, const Value& value, BackendDraft& draft) { draft.target.allow = value; }},
    {"resolve",
     [](Reader&, const Value& value, BackendDraft& draft) { draft.target.resolve = value; }},
    {"from", [](Reader&, const Value& value, BackendDraft& draft) { draft.from = value; }},
    {"proxy_protocol",
     [](Reader& reader, const Value& value, BackendDraft& draft) {
       ReadSendProxy(reader, value, draft.proxy_protocol);
     }},
    {"tls", [](Reader&, const Value& value, BackendDraft& draft) { draft.tls = value; }},
    {"balance", InBalance<ReadBalance>},
    {"queue", InBalance<ReadQueue>},
    {"eject", InBalance<ReadEject>},
    {"slow_start", InBalance<ReadSlowStart>},
    {"connect_retry", InBalance<ReadConnectRetry>},
    {"health_check",
     [](Reader&, const Value& value, BackendDraft& draft) { draft.health_check = value; }},
    {"websocket",
     [](Reader&, const Value& value, BackendDraft& draft) { draft.websocket = value; }},
};

// Returns the error for a route's `backend` that is neither a name nor a server.
std::string DescribeUnknown(std::string_view text, const std::string& server_fault,
                            const BackendTable& table) {
  std::vector<std::string_view> names;
  for (const auto& [name, index] : table.by_name) {
    if (name.find(':') == std::string::npos) names.push_back(name);
  }
  if (settings::ParsePort(text, 1)) {
    return settings::Quote(text) +
           " has no host; expected host:port such as 127.0.0.1:" + std::string(text);
  }
  if (!ParseName(text)) return server_fault;
  if (names.empty()) {
    return "there is no backend " + settings::Quote(text) +
           ", since the file has no 'backends'; expected a server: host:port such as " +
           std::string(text) + ":5900";
  }
  auto message = "unknown backend " + settings::Quote(text) +
                 Suggestion(text, names, "the known backends are");
  if (Nearest(text, names).empty()) message += "; a server must have a port: host:port";
  return message;
}

void ReadFrom(Reader& reader, const Value& value, settings::Backend& backend) {
  const auto text = reader.Text(value, "'token'");
  if (text && *text != "token") reader.Error(value, settings::Expected("'token'", *text));
  backend.is_from_token = true;
  backend.servers = {{{settings::Endpoint::Kind::kDynamic, "token", 0}}};
}

// Reads the keys that apply to all servers of a backend.
void ReadConnection(Reader& reader, const Value& value, const BackendDraft& draft,
                    const FileChecks& checks, settings::Backend& backend) {
  if (draft.tls) backend.tls = ReadBackendTls(reader, *draft.tls, backend.servers, checks);
  if (draft.websocket) ReadWebSocketClient(reader, *draft.websocket, backend);
  CheckSchemes(reader, value, draft.tls, backend);
  CheckSystemAuthorities(reader, draft.tls ? *draft.tls : value, checks, backend.tls);
  backend.proxy_protocol = draft.proxy_protocol;
  TakeBalance(reader, draft.balance, backend);
  if (!draft.health_check) return;
  if (backend.target || backend.is_from_token) {
    reader.Error(*draft.health_check, "needs 'servers': here each request has a server of its own");
  } else {
    backend.health_check = ReadHealthCheck(reader, *draft.health_check);
  }
}

// Reads a backend that belongs to one route: servers, or a server that the request or the client's
// token names.
settings::Backend ReadOwnBackend(Reader& reader, const Value& value, const FileChecks& checks,
                                 const settings::Route& route) {
  // No name of `backends` has a colon.
  settings::Backend backend{"route:" + route.name, {}};
  BackendDraft draft;
  if (!reader.ReadMapping<BackendDraft>(value, kBackendFields, draft)) return backend;
  backend.servers = std::move(draft.servers);
  const int kinds = draft.has_servers + draft.target.server.has_value() + draft.from.has_value();
  if (kinds == 0 && (reader.IsMisspelt(value, "servers") || reader.IsMisspelt(value, "server") ||
                     reader.IsMisspelt(value, "from"))) {
    return backend;
  }
  if (kinds != 1) {
    reader.Error(value, "expected one of the keys 'servers', 'server' and 'from'");
  } else if (draft.target.server) {
    backend.target = ReadTarget(reader, draft.target, route.match);
    backend.servers = {{{settings::Endpoint::Kind::kDynamic, backend.target->server.text, 0}}};
  } else if (draft.from) {
    ReadFrom(reader, *draft.from, backend);
  }
  for (const auto& bound : {draft.target.allow, draft.target.resolve}) {
    if (!bound || draft.target.server) continue;
    reader.Error(*bound, "bounds a 'server' that the request names, and there is none");
  }
  ReadConnection(reader, value, draft, checks, backend);
  return backend;
}

}  // namespace

void ReadBackends(Reader& reader, const Value& value, const FileChecks& checks,
                  BackendTable& table) {
  if (!reader.ExpectMapping(value)) {
    table.is_unknown = true;
    return;
  }
  for (auto& entry : reader.Entries(value)) {
    if (const auto name = ParseName(entry.key); !name) {
      reader.Error(entry.key_mark, name.error());
      entry.value.name = settings::Quote(entry.key);  // It may contain any character.
    }
    BackendDraft draft;
    if (reader.ReadMapping<BackendDraft>(entry.value, kBackendFields, draft) &&
        !draft.has_servers) {
      reader.Missing(entry.value, "servers");
    }
    for (const auto& misplaced :
         {draft.target.server, draft.target.allow, draft.target.resolve, draft.from}) {
      if (misplaced) {
        reader.Error(*misplaced,
                     "belongs in the 'backend' of a route, where requests can name the server");
      }
    }
    settings::Backend backend{entry.key, std::move(draft.servers)};
    ReadConnection(reader, entry.value, draft, checks, backend);
    // A backend with errors is known nevertheless, so that its routes have no errors because of it.
    table.by_name.emplace(entry.key, table.backends.size());
    table.backends.push_back(std::move(backend));
  }
}

std::optional<size_t> ReadBackendReference(Reader& reader, const Value& value,
                                           const FileChecks& checks, const settings::Route& route,
                                           BackendTable& table) {
  if (value.node.IsMap()) {
    table.backends.push_back(ReadOwnBackend(reader, value, checks, route));
    return table.backends.size() - 1;
  }
  const auto text = reader.Text(value, "the name of a backend, or a server");
  if (!text) return std::nullopt;
  if (const auto named = table.by_name.find(*text); named != table.by_name.end()) {
    return named->second;
  }
  auto server = settings::ParseConfiguredServer(*text);
  if (!server && table.is_unknown && ParseName(*text)) return std::nullopt;
  if (!server) {
    reader.Error(value, DescribeUnknown(*text, server.error(), table));
    return std::nullopt;
  }
  auto address = server->ToString();
  const auto [place, is_new] = table.by_name.emplace(address, table.backends.size());
  if (is_new) {
    table.backends.push_back({std::move(address), {{*std::move(server)}}});
    CheckSchemes(reader, value, std::nullopt, table.backends.back());
    CheckSystemAuthorities(reader, value, checks, table.backends.back().tls);
  } else if (table.backends[place->second].servers.front().address != *server) {
    reader.Error(value,
                 "another route has the same URL with another query; expected them as "
                 "backends with names of their own, under 'backends'");
  }
  return place->second;
}

void AddBackendMappings(std::vector<KnownMapping>& mappings) {
  mappings.push_back({"backend", KeysOf<BackendDraft>(kBackendFields)});
}

}  // namespace sluice::config
