#include "cli/explain.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/cause.h"
#include "sluice/base/text.h"
#include "sluice/config/patterns.h"
#include "sluice/http/request_parser.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/tls_context.h"
#include "sluice/relay/upgrade_check.h"
#include "sluice/routing/balance_key.h"
#include "sluice/routing/listener_hosts.h"
#include "sluice/routing/match.h"
#include "sluice/routing/pools.h"
#include "sluice/routing/target.h"

#include "cli/answer.h"

namespace sluice::cli {
namespace {

using base::Unexpected;
using config::NamedValues;
using routing::Condition;
using routing::Mismatch;
using Texts = std::vector<std::string>;

// A plain TCP connection, which brings no request.
constexpr std::string_view kTcpUrl = "tcp:";

/// The request as it was described, and what could be known of its connection.
struct Request {
  std::string scheme;
  http::RequestHead head;
  routing::RequestFacts facts;
  std::vector<NamedValues> claims;
  std::optional<http::Refusal> refusal;  // Of its head, before there is a route.

  bool is_tls() const { return scheme == "wss" || scheme == "https"; }
  Texts ValuesOf(std::string_view claim) const {
    for (const auto& [name, values] : claims) {
      if (name == claim) return values;
    }
    return {};
  }
};

std::string Joined(const Texts& texts) {
  std::string joined;
  for (const auto& text : texts) joined.append(joined.empty() ? "" : " or ").append(text);
  return joined;
}

base::Result<http::RequestHead, http::Refusal> ParseHead(const Explain& command,
                                                         const config::Limits& limits,
                                                         std::string_view scheme) {
  const std::string_view after = std::string_view(command.url).substr(scheme.size() + 3);
  std::string text = command.method + ' ' + command.url + " HTTP/1.1\r\n";
  text.append("Host: ").append(after.substr(0, after.find_first_of("/?#"))).append("\r\n");
  if (scheme.starts_with("ws")) {
    text +=
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
  }
  for (const auto& offer : command.subprotocols) {
    text.append("Sec-WebSocket-Protocol: ").append(offer).append("\r\n");
  }
  for (const auto& header : command.headers) text.append(header).append("\r\n");
  text += "\r\n";
  http::RequestParser parser({limits.request_line, limits.header, limits.header_count});
  const auto used = parser.Feed(base::AsBytes(text));
  if (!used) return Unexpected(used.error());
  return std::move(parser.head());
}

/// The listener of that name; else the first that speaks what the URL asks for: plain TCP, or HTTP
/// with TLS or without.
base::Result<size_t, std::string> ChooseListener(const config::Config& config,
                                                 const Explain& command, bool is_tls) {
  const auto& listeners = config.listeners;
  const auto index = [&](auto is_fit) {
    return static_cast<size_t>(std::find_if(listeners.begin(), listeners.end(), is_fit) -
                               listeners.begin());
  };
  if (command.listener) {
    const size_t named = index([&](const auto& one) { return one.name == *command.listener; });
    if (named != listeners.size()) return named;
    return Unexpected("--listener: there is none of the name '" + *command.listener + "'");
  }
  const bool is_tcp = command.url == kTcpUrl;
  const size_t fit = index([&](const auto& one) {
    if ((one.protocol == config::ListenerProtocol::kTcp) != is_tcp) return false;
    return is_tcp || one.tls.has_value() == is_tls;
  });
  return fit != listeners.size() ? fit : 0;
}

base::Result<Request, std::string> Describe(const config::Config& config, const Explain& command) {
  Request request;
  const auto colon = command.url.find("://");
  request.scheme = base::ToLower(command.url.substr(0, std::min(colon, command.url.size())));
  if (command.url == kTcpUrl) {
    request.scheme = "tcp";
  } else if (colon == std::string::npos) {
    return Unexpected("expected a URL such as wss://www.example.com/path, or 'tcp:', found '" +
                      command.url + "'");
  } else {
    auto head = ParseHead(command, config.limits, request.scheme);
    if (head) {
      request.head = *std::move(head);
    } else if (head.error().cause == base::Cause::kBadRequest) {
      return Unexpected("this is no good request: " + head.error().detail);
    } else {
      request.refusal = std::move(head).error();
      return request;
    }
    request.facts = routing::RequestFacts(request.head);
  }
  const auto listener = ChooseListener(config, command, request.is_tls());
  if (!listener) return Unexpected(listener.error());
  request.facts.listener = *listener;
  if (command.from != "unix") {
    request.facts.client = base::IpAddress::Parse(command.from);
    if (!request.facts.client) {
      return Unexpected("--from: expected an IP address or 'unix', found '" + command.from + "'");
    }
  }
  if (command.sni) {
    request.facts.sni = routing::NormalizeHost(*command.sni);
  } else if (request.is_tls()) {
    request.facts.sni = request.facts.host;
  }
  for (const auto& name : command.certificates) {
    auto parsed = config::ParseCertificateName(name);
    if (!parsed) return Unexpected("--certificate: " + parsed.error());
    request.facts.certificate.push_back(*std::move(parsed));
  }
  for (const auto& claim : command.claims) {
    const auto equals = claim.find('=');
    if (equals == std::string::npos) {
      return Unexpected("--claim: expected name=value, found '" + claim + "'");
    }
    const std::string name = claim.substr(0, equals);
    auto& claims = request.claims;
    const auto known = std::find_if(claims.begin(), claims.end(),
                                    [&name](const auto& other) { return other.name == name; });
    auto& values =
        known != claims.end() ? known->values : claims.emplace_back(NamedValues{name, {}}).values;
    values.push_back(claim.substr(equals + 1));
  }
  return request;
}

const NamedValues& Named(const std::vector<NamedValues>& conditions, std::string_view name) {
  return *std::find_if(conditions.begin(), conditions.end(),
                       [name](const NamedValues& one) { return one.name == name; });
}

std::string Wanted(std::string_view kind, const NamedValues& condition) {
  return std::string(kind) + ' ' + condition.name + " is not " +
         (condition.values.empty() ? "there" : Joined(condition.values));
}

/// What would have to be otherwise.
std::string DescribeMismatch(const config::Config& config, const config::Match& match,
                             const Mismatch& mismatch, const Request& request) {
  const routing::RequestFacts& facts = request.facts;
  const auto found = [](std::string_view value) {
    return value.empty() ? std::string(", there is none") : ", it is " + std::string(value);
  };
  switch (mismatch.condition) {
    case Condition::kListener: {
      Texts names;
      for (const size_t index : match.listeners) names.push_back(config.listeners[index].name);
      return "listener is not " + Joined(names) + found(config.listeners[facts.listener].name);
    }
    case Condition::kClient: {
      Texts ranges;
      for (const auto& range : match.client->ranges) ranges.push_back(range.ToString());
      if (match.client->unix_sockets) ranges.emplace_back("unix");
      return "client is not in " + Joined(ranges) +
             found(facts.client ? facts.client->ToString() : "unix");
    }
    case Condition::kSni:
      return "sni is not " + Joined(match.sni) + found(facts.sni);
    case Condition::kCertificate:
      return "certificate is not for " + Joined(match.certificate) +
             found(Joined(facts.certificate));
    case Condition::kHost:
      return "host is not " + match.host + found(facts.host);
    case Condition::kPath:
      return "path is not " + match.path.ToString() + found(request.head.path);
    case Condition::kUpgrade:
      return *match.upgrade ? "upgrade is not websocket" : "upgrade is not none";
    case Condition::kSubprotocol:
      return "subprotocol is not " + Joined(match.subprotocols) +
             found(request.head.Joined("Sec-WebSocket-Protocol"));
    case Condition::kHeader:
      return Wanted("header", Named(match.headers, mismatch.name));
    case Condition::kQuery:
      return Wanted("query", Named(match.query, mismatch.name));
    case Condition::kClaim:
      return Wanted("claim", Named(match.claims, mismatch.name));
  }
  return {};
}

std::string_view NameOf(config::Balance::Mode mode) {
  switch (mode) {
    case config::Balance::Mode::kRoundRobin:
      return "round_robin";
    case config::Balance::Mode::kLeastSessions:
      return "least_sessions";
    case config::Balance::Mode::kRandomTwo:
      return "random_two";
    case config::Balance::Mode::kHash:
      return "hash";
  }
  return {};
}

/// In the order in which a request with this key tries them, all being up.
std::string DescribeHashed(const config::Config& config, size_t backend, uint64_t key) {
  const routing::Pools pools(config, nullptr, 0);
  routing::Ask ask{.key = key, .tried = {}, .now = {}};
  std::string text;
  while (const auto pick = pools.Take(backend, ask)) {
    const size_t server = pick->slot.server();
    text += (ask.tried.empty() ? "" : ", then ") +
            config.backends[backend].servers[server].address.ToString();
    ask.tried.push_back(server);
  }
  return text + " (hash)";
}

/// Those of each tier, the best first.
std::string DescribeTiers(const config::Backend& backend) {
  std::map<uint32_t, std::string> tiers;
  for (const auto& server : backend.servers) {
    std::string& tier = tiers[server.tier];
    tier += (tier.empty() ? "" : ", ") + server.address.ToString();
  }
  std::string text;
  for (const auto& [number, servers] : tiers) {
    text.append(text.empty() ? "" : ", if none of them is up ").append(servers);
  }
  if (backend.servers.size() > 1) {
    text.append(" (").append(NameOf(backend.balance.mode)).append(")");
  }
  return text;
}

using Server = base::Result<config::Endpoint, std::string>;

/// Returns true if the server is made of claims, and the request was described without any. The
/// gateway takes them from the token.
bool LacksClaims(const config::DynamicTarget& target, const Request& request) {
  const auto& parts = target.server.parts;
  return request.claims.empty() && std::any_of(parts.begin(), parts.end(), [](const auto& part) {
           return part.source == config::Template::Source::kClaim;
         });
}

std::optional<std::string> ClaimOf(const Request& request, std::string_view name) {
  const Texts values = request.ValuesOf(name);
  return values.size() == 1 ? std::optional(values.front()) : std::nullopt;
}

/// The server that the request names, or why that is refused. Unset if the backend has servers of
/// its own, or if the server cannot be known here.
std::optional<Server> NamedServer(const config::Config& config, const config::Route& route,
                                  const Request& request) {
  if (!route.backend) return std::nullopt;
  const auto& target = config.backends[*route.backend].target;
  if (!target || LacksClaims(*target, request)) return std::nullopt;
  const auto captures = routing::CapturesOf(route.match, request.facts.host, request.head.path);
  const auto claim = [&request](std::string_view name) { return ClaimOf(request, name); };
  return routing::ResolveTarget(*target, {captures, request.head.query, claim});
}

/// Where the route's sessions go, for this request.
std::string DescribeServers(const config::Config& config, const config::Route& route,
                            const Request& request) {
  const config::Backend& backend = config.backends[*route.backend];
  if (backend.is_from_token) return "the one that the client's credentials name";
  if (!backend.target) {
    const auto claim = [&request](std::string_view name) { return ClaimOf(request, name); };
    const auto key = routing::BalanceKey(
        backend.balance, {request.facts.client, route.match, request.facts.head, claim});
    return key ? DescribeHashed(config, *route.backend, *key) : DescribeTiers(backend);
  }
  const auto server = NamedServer(config, route, request);
  const std::string of = " (of " + backend.target->server.text + ")";
  if (!server) return "the one that the claims of the token name; describe them with --claim" + of;
  return *server ? (*server)->ToString() + of : "refused: " + server->error() + of;
}

Answer Closed(const std::string& why) {
  return {false, "none, the connection is closed: " + why};
}

/// The answer of the route that the request takes.
Answer AnswerOf(const config::Config& config, size_t route, const Request& request) {
  const config::Route& taken = config.routes[route];
  const auto server = NamedServer(config, taken, request);
  const bool is_refused = server && !*server;
  if (request.facts.head == nullptr) {
    if (taken.is_console || !taken.match.claims.empty()) {
      return Closed("the route takes no plain TCP");
    }
    return is_refused ? Closed(server->error()) : Answer{true, "none, the bytes are relayed"};
  }
  std::optional<auth::ClientCertificate> certificate;
  if (!request.facts.certificate.empty()) certificate.emplace().names = request.facts.certificate;
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auth::Request asked{request.head, taken, request.facts.client,
                            certificate,  now,   net::EventLoop::Now()};
  Connection connection{.uses_tls = request.is_tls(), .has_claims = !request.claims.empty()};
  if (is_refused) connection.no_server = {base::Cause::kTargetNotAllowed, server->error()};
  return AnswerOfRoute(config, route, asked, connection);
}

/// The answer to a request that no route takes. `wanting_claims` is the first route that lacks
/// nothing but claims.
Answer AnswerWithoutRoute(const config::Config& config, std::optional<size_t> wanting_claims,
                          const Request& request) {
  if (request.facts.head == nullptr) return Closed("no route takes it");
  if (wanting_claims && request.claims.empty()) {
    // The gateway asks for a token before it answers 404.
    const auto& options = config.routes[*wanting_claims].options;
    const auto refusal = relay::CheckUpgradeRequest(request.head, options, request.is_tls());
    if (refusal) return AnswerFor(*refusal);
    return {false,
            "401 unauthorized without a valid token, and 404 no_route with one that lacks the "
            "claims"};
  }
  return AnswerFor({base::Cause::kNoRoute, "no route matches this request"});
}

std::string WithoutRoute(const Answer& answer) {
  return "route: none\nanswer: " + answer.text + '\n';
}

/// The refusal of a request for a host that the listener does not serve; nothing if it does.
std::optional<http::Refusal> RefuseHost(const config::Config& config, const Request& request) {
  const size_t index = request.facts.listener;
  const config::Listener& listener = config.listeners[index];
  if (request.facts.head == nullptr) return std::nullopt;
  const auto names = routing::HostNamesOf(config, index);
  if (!names || names->Contain(request.facts.host)) return std::nullopt;
  if (listener.tls) {
    const auto tls = net::TlsContext::Create(*listener.tls);
    if (tls && (*tls)->Covers(request.facts.host)) return std::nullopt;
  }
  return http::Refusal{
      base::Cause::kHostNotAllowed,
      "the host " + request.facts.host + " is not in 'hosts' of the listener " + listener.name};
}

std::optional<Mismatch> MismatchOf(const config::Match& match, const Request& request) {
  const auto mismatch = routing::FindMismatch(match, request.facts);
  if (mismatch) return mismatch;
  return routing::FindMissingClaim(
      match, [&request](std::string_view name) { return request.ValuesOf(name); });
}

}  // namespace

base::Result<Explanation, std::string> ExplainRequest(const config::Config& config,
                                                      const Explain& command) {
  const auto described = Describe(config, command);
  if (!described) return Unexpected(described.error());
  Request request = *described;
  if (request.facts.head != nullptr) request.facts.head = &request.head;
  if (request.refusal)
    return Explanation{false, "answer: " + AnswerFor(*request.refusal).text + '\n'};
  if (const auto refusal = RefuseHost(config, request)) {
    return Explanation{false, WithoutRoute(AnswerFor(*refusal))};
  }
  std::optional<size_t> taken;
  std::optional<size_t> wanting_claims;  // The first route that lacks nothing but claims.
  std::string others;
  for (size_t i = 0; i < config.routes.size(); ++i) {
    const config::Route& route = config.routes[i];
    const auto mismatch = MismatchOf(route.match, request);
    if (!mismatch && !taken) {
      taken = i;
      continue;
    }
    if (mismatch && mismatch->condition == Condition::kClaim && !wanting_claims) wanting_claims = i;
    others += "  " + route.name + ": " +
              (mismatch ? DescribeMismatch(config, route.match, *mismatch, request)
                        : "matches, too, but comes later") +
              '\n';
  }
  std::string text;
  bool is_accepted = false;
  if (taken) {
    const config::Route& route = config.routes[*taken];
    text += "route: " + route.name + '\n';
    if (route.is_console) {
      text += "static: builtin:console\n";
    } else {
      text += "backend: " + config.backends[*route.backend].name +
              "\nservers: " + DescribeServers(config, route, request) + '\n';
    }
    const Answer answer = AnswerOf(config, *taken, request);
    is_accepted = answer.is_accepted;
    text += "answer: " + answer.text + '\n';
  } else {
    text = WithoutRoute(AnswerWithoutRoute(config, wanting_claims, request));
  }
  if (!others.empty()) text += "others:\n" + others;
  return Explanation{is_accepted, std::move(text)};
}

}  // namespace sluice::cli
