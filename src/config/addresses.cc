#include "config/addresses.h"

#include <algorithm>
#include <array>
#include <functional>

#include "sluice/base/ip.h"
#include "sluice/settings/endpoint.h"
#include "sluice/settings/listener.h"
#include "sluice/settings/process.h"
#include "sluice/settings/quote.h"
#include "sluice/settings/tls.h"

#include "config/options.h"
#include "config/proxy.h"
#include "config/tls.h"
#include "config/values.h"

namespace sluice::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr TimeoutRange kDnsTimeoutRange{milliseconds(100), minutes(1)};
constexpr Range kDnsAttemptsRange{1, 10};
constexpr TimeoutRange kDnsCacheRange{milliseconds(1000), hours(24), /*may_be_off=*/true};

// Mappings whose keys are read later, together.
struct ListenerDraft {
  std::optional<Value> address = {};
  std::optional<Value> name = {};
  std::optional<Value> protocol = {};
  std::optional<Value> tls = {};
  std::optional<Value> proxy_protocol = {};
  std::optional<Value> proxy_protocol_from = {};
  std::optional<Value> hosts = {};
  std::optional<Value> mode = {};
  std::optional<Value> user = {};
  std::optional<Value> group = {};
};

constexpr Field<ListenerDraft> kListenerFields[] = {
    {"address", [](Reader&, const Value& value, ListenerDraft& draft) { draft.address = value; }},
    {"name", [](Reader&, const Value& value, ListenerDraft& draft) { draft.name = value; }},
    {"protocol", [](Reader&, const Value& value, ListenerDraft& draft) { draft.protocol = value; }},
    {"tls", [](Reader&, const Value& value, ListenerDraft& draft) { draft.tls = value; }},
    {"proxy_protocol",
     [](Reader&, const Value& value, ListenerDraft& draft) { draft.proxy_protocol = value; }},
    {"proxy_protocol_from",
     [](Reader&, const Value& value, ListenerDraft& draft) { draft.proxy_protocol_from = value; }},
    {"hosts", [](Reader&, const Value& value, ListenerDraft& draft) { draft.hosts = value; }},
    {"mode", [](Reader&, const Value& value, ListenerDraft& draft) { draft.mode = value; }},
    {"user", [](Reader&, const Value& value, ListenerDraft& draft) { draft.user = value; }},
    {"group", [](Reader&, const Value& value, ListenerDraft& draft) { draft.group = value; }},
};

struct AdminDraft {
  std::optional<Value> address;
  std::optional<Value> token_file;
  std::optional<Value> hosts;
};

constexpr Field<AdminDraft> kAdminFields[] = {
    {"address", [](Reader&, const Value& value, AdminDraft& draft) { draft.address = value; }},
    {"token_file",
     [](Reader&, const Value& value, AdminDraft& draft) { draft.token_file = value; }},
    {"hosts", [](Reader&, const Value& value, AdminDraft& draft) { draft.hosts = value; }},
};

// A mapping that must have an `address`.
template <typename Draft>
Draft ReadDraft(Reader& reader, const Value& mapping, std::span<const Field<Draft>> fields) {
  Draft draft;
  if (reader.ReadMapping<Draft>(mapping, fields, draft) && !draft.address) {
    reader.Missing(mapping, "address");
  }
  return draft;
}

// An IP address to listen on, and its zone.
struct BoundIp {
  explicit BoundIp(const settings::Endpoint& endpoint)
      : ip(base::IpAddress::Parse(endpoint.HostWithoutZone()).value_or(base::IpAddress())),
        zone(endpoint.host.substr(endpoint.HostWithoutZone().size())) {}

  bool is_any() const { return ip == base::IpAddress(); }  // IPv4, too.
  bool is_any_v4() const { return ip == base::IpAddress::FromBytes(std::array<uint8_t, 4>{}); }

  base::IpAddress ip;
  std::string zone;
};

// Returns true if the system cannot bind both. Port 0 is a different port each time.
bool Collide(const settings::Endpoint& a, const settings::Endpoint& b) {
  if (a.kind != b.kind) return false;
  if (a.kind == settings::Endpoint::Kind::kUnix) return a.host == b.host;
  if (a.port != b.port || a.port == 0) return false;
  const BoundIp one(a);
  const BoundIp other(b);
  if (one.is_any() || other.is_any()) return true;
  if (one.is_any_v4() || other.is_any_v4()) return one.ip.is_v4() && other.ip.is_v4();
  return one.ip == other.ip && one.zone == other.zone;
}

// Returns the error for `address`, which cannot be bound beside the address of a listener.
std::string DescribeCollision(const settings::Endpoint& address, const settings::Endpoint& listener,
                              const std::string& where) {
  const std::string text = settings::Quote(address.ToString());
  if (address == listener) return text + " is already the address of " + where;
  return text + " and " + settings::Quote(listener.ToString()) + ", the address of " + where +
         ", overlap; only one of them can be bound";
}

// Finds the server that has the address of `server` on another link.
std::vector<settings::Endpoint>::const_iterator FindOtherZone(
    const std::vector<settings::Endpoint>& servers, const settings::Endpoint& server) {
  return std::find_if(servers.begin(), servers.end(), [&server](const settings::Endpoint& other) {
    return other.port == server.port && other.HostWithoutZone() == server.HostWithoutZone();
  });
}

// Reads a list of different addresses.
std::vector<settings::Endpoint> ReadDnsServers(Reader& reader, const Value& value) {
  std::vector<settings::Endpoint> servers;
  for (const auto& item : reader.Items(value, "addresses")) {
    settings::Endpoint server;
    if (!reader.ReadScalar(item, "an address", ParseDnsServer, server)) continue;
    if (std::find(servers.begin(), servers.end(), server) != servers.end()) {
      reader.Error(item, settings::Quote(server.ToString()) + " is in the list twice");
    } else if (const auto other = FindOtherZone(servers, server); other != servers.end()) {
      reader.Error(item, settings::Quote(server.ToString()) + " differs from " +
                             settings::Quote(other->ToString()) +
                             " in its zone only; expected one of them, since the resolver cannot "
                             "tell their answers apart");
    }
    servers.push_back(std::move(server));
  }
  return servers;
}

constexpr Field<settings::Dns> kDnsFields[] = {
    {"servers", [](Reader& reader, const Value& value,
                   settings::Dns& dns) { dns.servers = ReadDnsServers(reader, value); }},
    {"timeout",
     [](Reader& reader, const Value& value, settings::Dns& dns) {
       const auto parse = [](std::string_view text) {
         return ParseTimeout(text, kDnsTimeoutRange);
       };
       reader.ReadScalar(value, "a duration", parse, dns.timeout);
     }},
    {"attempts",
     [](Reader& reader, const Value& value, settings::Dns& dns) {
       uint64_t attempts = 0;
       const auto parse = [](std::string_view text) { return ParseCount(text, kDnsAttemptsRange); };
       if (reader.ReadScalar(value, "a number", parse, attempts)) {
         dns.attempts = static_cast<int>(attempts);
       }
     }},
    {"cache",
     [](Reader& reader, const Value& value, settings::Dns& dns) {
       const auto parse = [](std::string_view text) { return ParseTimeout(text, kDnsCacheRange); };
       reader.ReadScalar(value, "a duration or 'off'", parse, dns.cache);
     }},
};

settings::ListenerProtocol ReadListenerProtocol(Reader& reader, const std::optional<Value>& value) {
  auto protocol = settings::ListenerProtocol::kWebSocket;
  if (value) {
    reader.ReadScalar(*value, "'websocket' or 'tcp'", ParseListenerProtocol, protocol);
  }
  return protocol;
}

void ReadListenerName(Reader& reader, const Value& value,
                      const std::vector<settings::Listener>& listeners, std::string& name) {
  if (!reader.ReadScalar(value, "a name", ParseName, name)) return;
  if (std::any_of(listeners.begin(), listeners.end(),
                  [&name](const settings::Listener& listener) { return listener.name == name; })) {
    reader.Error(value, settings::Quote(name) + " is already the name of a listener");
  }
}

using AccountCheck = std::function<std::optional<std::string>(const std::string&)>;

void ReadAccount(Reader& reader, const std::optional<Value>& value, std::string_view what,
                 const AccountCheck& check, std::string& account) {
  if (!value || !reader.ReadScalar(*value, what, ParseName, account)) return;
  const auto fault = check ? check(account) : std::nullopt;
  if (fault) reader.Error(*value, *fault);
}

settings::SocketFile ReadSocketFile(Reader& reader, const ListenerDraft& draft,
                                    settings::Endpoint::Kind kind, const FileChecks& checks) {
  settings::SocketFile file;
  if (kind != settings::Endpoint::Kind::kUnix) {
    for (const auto& value : {draft.mode, draft.user, draft.group}) {
      if (value) reader.Error(*value, "is only for the file of a Unix socket (unix:/path)");
    }
    return file;
  }
  if (draft.mode) {
    uint32_t mode = 0;
    if (reader.ReadScalar(*draft.mode, "an octal mode", ParseFileMode, mode)) file.mode = mode;
  }
  ReadAccount(reader, draft.user, "a user", checks.socket_user, file.user);
  ReadAccount(reader, draft.group, "a group", checks.socket_group, file.group);
  return file;
}

}  // namespace

void ReadListeners(Reader& reader, const Value& value, const FileChecks& checks,
                   std::vector<settings::Listener>& listeners) {
  std::vector<int> lines;
  for (const auto& item : reader.Items(value, "listeners")) {
    const auto draft = item.node.IsScalar()
                           ? ListenerDraft{.address = item}
                           : ReadDraft<ListenerDraft>(reader, item, kListenerFields);
    std::optional<settings::Tls> tls;
    if (draft.tls) tls = ReadTls(reader, *draft.tls, checks);
    const auto protocol = ReadListenerProtocol(reader, draft.protocol);
    if (protocol == settings::ListenerProtocol::kTcp && tls &&
        tls->mode == settings::TlsMode::kAuto) {
      reader.Error(*draft.tls,
                   "'mode: auto' waits for the client's first byte, which a client of plain TCP "
                   "may never send; expected 'mode: required', or no 'tls'");
    }
    std::optional<std::vector<std::string>> hosts;
    if (draft.hosts) ReadHosts(reader, *draft.hosts, hosts);
    if (draft.hosts && protocol == settings::ListenerProtocol::kTcp) {
      reader.Error(*draft.hosts, "has no effect: a client of plain TCP names no host; take it out");
    }
    auto proxy_protocol =
        ReadProxyProtocol(reader, draft.proxy_protocol, draft.proxy_protocol_from);
    const auto& address = draft.address;
    settings::Endpoint endpoint;
    std::string name;
    settings::SocketFile file;
    if (address &&
        reader.ReadScalar(*address, "an address", settings::ParseListenAddress, endpoint)) {
      name = endpoint.ToString();
      file = ReadSocketFile(reader, draft, endpoint.kind, checks);
    }
    if (draft.name) ReadListenerName(reader, *draft.name, listeners, name);
    const auto same = std::find_if(listeners.begin(), listeners.end(),
                                   [&endpoint](const settings::Listener& listener) {
                                     return Collide(listener.address, endpoint);
                                   });
    if (same != listeners.end()) {
      const auto index = static_cast<size_t>(same - listeners.begin());
      reader.Error(*address,
                   DescribeCollision(endpoint, same->address,
                                     "the listener in line " + std::to_string(lines[index])));
    }
    // A listener with errors is known nevertheless, so that its routes have no errors because of
    // it.
    listeners.push_back({std::move(endpoint), std::move(tls), std::move(proxy_protocol),
                         std::move(name), protocol, std::move(hosts), std::move(file)});
    lines.push_back((address ? *address : item).mark.line + 1);
  }
}

void ReadAdmin(Reader& reader, const Value& value, const std::vector<settings::Listener>& listeners,
               std::optional<settings::Admin>& admin) {
  const auto draft = ReadDraft<AdminDraft>(reader, value, kAdminFields);
  const auto& address = draft.address;
  std::string token_file;
  if (draft.token_file &&
      reader.ReadScalar(*draft.token_file, "the path of a file", ParsePath, token_file)) {
    token_file = reader.PathFromHere(token_file);
    const auto& check = reader.checks().admin_token;
    const auto fault = check ? check(token_file) : std::nullopt;
    if (fault) reader.Error(*draft.token_file, fault->ToString());
    reader.WarnOfReaders(*draft.token_file, token_file);
  }
  std::optional<std::vector<std::string>> hosts;
  if (draft.hosts) ReadHosts(reader, *draft.hosts, hosts);
  settings::Endpoint endpoint;
  if (!address ||
      !reader.ReadScalar(*address, "an address", settings::ParseListenAddress, endpoint))
    return;
  const auto text = settings::Quote(endpoint.ToString());
  if (endpoint.kind != settings::Endpoint::Kind::kTcp) {
    reader.Error(*address, text + " is a Unix socket; expected IP:port such as 127.0.0.1:9090");
  }
  for (const auto& listener : listeners) {
    if (Collide(listener.address, endpoint)) {
      reader.Error(*address, DescribeCollision(endpoint, listener.address, "a listener"));
      break;
    }
  }
  admin = settings::Admin{std::move(endpoint), std::move(token_file),
                          std::move(hosts).value_or(std::vector<std::string>())};
}

void ReadDns(Reader& reader, const Value& value, settings::Dns& dns) {
  reader.ReadMapping<settings::Dns>(value, kDnsFields, dns);
}

void AddAddressMappings(std::vector<KnownMapping>& mappings) {
  mappings.push_back({"listener", KeysOf<ListenerDraft>(kListenerFields)});
  mappings.push_back({"admin", KeysOf<AdminDraft>(kAdminFields)});
  mappings.push_back({"dns", KeysOf<settings::Dns>(kDnsFields)});
}

}  // namespace sluice::config
