#include "cli/explain.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/base/cause.h"
#include "sluice/intake/upgrade_check.h"
#include "sluice/net/event_loop.h"
#include "sluice/routing/balance_key.h"
#include "sluice/routing/listener_hosts.h"
#include "sluice/routing/match.h"
#include "sluice/routing/pools.h"
#include "sluice/routing/target.h"
#include "sluice/settings/backend.h"
#include "sluice/settings/balance.h"
#include "sluice/settings/config.h"
#include "sluice/settings/endpoint.h"
#include "sluice/settings/listener.h"
#include "sluice/settings/quote.h"
#include "sluice/settings/route.h"
#include "sluice/settings/target.h"
#include "sluice/tls/context.h"

#include "cli/answer.h"
#include "cli/credentials.h"
#include "cli/described_request.h"
#include "cli/mismatch_text.h"

namespace sluice::cli {
namespace {

using base::Unexpected;
using Texts = std::vector<std::string>;

std::string_view NameOf(settings::Balance::Mode mode) {
  switch (mode) {
    case settings::Balance::Mode::kRoundRobin:
      return "round_robin";
    case settings::Balance::Mode::kLeastSessions:
      return "least_sessions";
    case settings::Balance::Mode::kRandomTwo:
      return "random_two";
    case settings::Balance::Mode::kHash:
      return "hash";
  }
  return {};
}

/// Returns the servers in the order in which a request with this key tries them if all are up.
std::string DescribeHashed(const settings::Config& config, size_t backend, uint64_t key) {
  const routing::Pools pools(config, nullptr, 0);
  routing::Criteria criteria{.key = key, .tried = {}, .now = {}};
  std::string text;
  while (const auto pick = pools.Acquire(backend, criteria)) {
    const size_t server = pick->slot.server();
    text += (criteria.tried.empty() ? "" : ", then ") +
            config.backends[backend].servers[server].address.ToString();
    criteria.tried.push_back(server);
  }
  return text + " (hash)";
}

/// Returns the servers of each tier, the best tier first.
std::string DescribeTiers(const settings::Backend& backend) {
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

using Server = base::Result<settings::Endpoint, std::string>;

Answer Closed(const std::string& why) {
  return {false, "none, the connection is closed: " + why};
}

bool IsMadeOfClaims(const settings::DynamicTarget& target) {
  const auto& parts = target.server.parts;
  return std::any_of(parts.begin(), parts.end(), [](const auto& part) {
    return part.source == settings::Template::Source::kClaim;
  });
}

/// Returns the refusal of a request for a host that the listener does not serve, or nothing.
std::optional<http::Refusal> RefuseHost(const settings::Config& config,
                                        const DescribedRequest& request) {
  const size_t index = request.facts.listener;
  const settings::Listener& listener = config.listeners[index];
  if (request.facts.head == nullptr) return std::nullopt;
  const auto names = routing::HostNamesOf(config, index);
  if (!names || names->Contain(request.facts.host)) return std::nullopt;
  if (listener.tls) {
    const auto tls = tls::Context::Create(*listener.tls);
    if (tls && (*tls)->Covers(request.facts.host)) return std::nullopt;
  }
  return http::Refusal{
      base::Cause::kHostNotAllowed,
      "the host " + request.facts.host + " is not in 'hosts' of the listener " + listener.name};
}

/// Decides about one request in the order of the gateway.
class Explainer {
 public:
  Explainer(const settings::Config& config, const DescribedRequest& request)
      : config_(config), request_(request), check_(config) {}

  Explanation Explain();

 private:
  std::optional<std::string> WhyNot(size_t route);
  std::optional<std::string> WhyNotByClaims(size_t route);
  void DescribeTaken(size_t route, std::string& text);
  Answer AnswerWithoutRoute() const;
  Credentials CheckCredentials(size_t route) const;

  bool has_claims() const { return !request_.claims.empty(); }
  bool is_tcp() const { return request_.facts.head == nullptr; }
  Texts ValuesOf(std::string_view claim) const;
  std::optional<std::string> ClaimOf(std::string_view name) const;
  std::optional<Server> NamedServer(const settings::Route& route) const;
  std::string DescribeServers(const settings::Route& route) const;
  Answer AnswerOfTaken(size_t route) const;

  const settings::Config& config_;
  const DescribedRequest& request_;
  const CredentialsCheck check_;

  // Of the routes with claims before the chosen route: the first that refuses the request itself,
  // the first that has not accepted the credentials, and whether one has accepted them.
  std::optional<Answer> unfit_;
  std::optional<Answer> unauthorized_;
  bool is_known_ = false;

  Credentials credentials_;   // The verdict of the last checked route.
  bool is_accepted_ = false;  // By the chosen route, as far as is known.
};

/// Returns the described claims, or those of the last verified token.
Texts Explainer::ValuesOf(std::string_view claim) const {
  if (has_claims()) return request_.ValuesOf(claim);
  const auto& identity = credentials_.identity;
  return identity ? identity->ValuesOf(std::string(claim)) : Texts();
}

std::optional<std::string> Explainer::ClaimOf(std::string_view name) const {
  const Texts values = ValuesOf(name);
  return values.size() == 1 ? std::optional(values.front()) : std::nullopt;
}

Credentials Explainer::CheckCredentials(size_t route) const {
  static const http::RequestHead kNoHead;
  std::optional<auth::ClientCertificate> certificate;
  if (!request_.facts.certificate.empty()) {
    certificate.emplace().names = request_.facts.certificate;
  }
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auth::Attempt attempt{is_tcp() ? kNoHead : request_.head,
                              config_.routes[route],
                              request_.facts.client,
                              certificate,
                              now,
                              net::EventLoop::Now()};
  return check_.Check(route, attempt, has_claims());
}

/// Returns why the gateway continues after this route, or nothing if the route matches.
std::optional<std::string> Explainer::WhyNot(size_t route) {
  const settings::Match& match = config_.routes[route].match;
  if (const auto mismatch = routing::FindMismatch(match, request_.facts)) {
    return DescribeMismatch(config_, match, *mismatch, request_);
  }
  // The gateway closes a connection of plain TCP whose first route has claims.
  if (match.claims.empty() || is_tcp()) return std::nullopt;
  return WhyNotByClaims(route);
}

std::optional<std::string> Explainer::WhyNotByClaims(size_t route) {
  const settings::Route& checked = config_.routes[route];
  if (const auto refusal =
          intake::CheckUpgradeRequest(request_.head, checked.options, request_.uses_tls)) {
    const Answer answer = AnswerFor(*refusal);
    if (!unfit_) unfit_ = answer;
    return "claims are not looked at: " + answer.text;
  }
  credentials_ = CheckCredentials(route);
  if (!credentials_.is_accepted) {
    if (!unauthorized_) unauthorized_ = AnswerForRefused(credentials_);
    return "claims are not known: " + credentials_.why_refused;
  }
  is_known_ = true;
  const auto values = [this](std::string_view name) { return ValuesOf(name); };
  const auto missing = routing::FindMissingClaim(checked.match, values);
  if (!missing) return std::nullopt;
  return DescribeMissingClaim(checked.match, missing->name, ValuesOf(missing->name));
}

/// Returns the server that the request or its token names, or why it is refused. Returns nothing if
/// the backend has servers in the file, or if the server cannot be known here.
std::optional<Server> Explainer::NamedServer(const settings::Route& route) const {
  if (!route.backend) return std::nullopt;
  const settings::Backend& backend = config_.backends[*route.backend];
  const auto& identity = credentials_.identity;
  if (backend.is_from_token) {
    if (!identity) return std::nullopt;
    if (identity->server) return *identity->server;
    return Server(Unexpected(std::string("the credentials name no server")));
  }
  const auto& target = backend.target;
  if (!target || (IsMadeOfClaims(*target) && !has_claims() && !identity)) return std::nullopt;
  const auto captures = routing::CapturesOf(route.match, request_.facts.host, request_.head.path);
  const auto claim = [this](std::string_view name) { return ClaimOf(name); };
  return routing::ResolveTarget(*target, {captures, request_.head.query, claim});
}

/// Describes where the route's sessions go, for this request.
std::string Explainer::DescribeServers(const settings::Route& route) const {
  const settings::Backend& backend = config_.backends[*route.backend];
  if (!backend.target && !backend.is_from_token) {
    const auto claim = [this](std::string_view name) { return ClaimOf(name); };
    const auto key = routing::BalanceKey(
        backend.balance, {request_.facts.client, route.match, request_.facts.head, claim});
    return key ? DescribeHashed(config_, *route.backend, *key) : DescribeTiers(backend);
  }
  const auto server = NamedServer(route);
  const std::string of = backend.target ? " (of " + backend.target->server.text + ")"
                                        : " (of the client's credentials)";
  if (server) return *server ? (*server)->ToString() + of : "refused: " + server->error() + of;
  if (backend.is_from_token) return "the one that the client's credentials name";
  return "the one that the claims of a valid token name; give the token, or describe its claims "
         "with --claim" +
         of;
}

Answer Explainer::AnswerOfTaken(size_t route) const {
  const settings::Route& taken = config_.routes[route];
  const auto server = NamedServer(taken);
  std::optional<http::Refusal> no_server;
  if (server && !*server) no_server = {base::Cause::kTargetNotAllowed, server->error()};
  if (!is_tcp()) return AnswerForCredentials(credentials_, no_server);
  return no_server ? Closed(no_server->detail) : Answer{true, "none, the bytes are relayed"};
}

/// Describes the route, its backend and the answer, in the order of the gateway: the request
/// itself, the credentials, the server.
void Explainer::DescribeTaken(size_t route, std::string& text) {
  const settings::Route& taken = config_.routes[route];
  credentials_ = {};
  text += "route: " + taken.name + '\n';
  std::optional<Answer> answer;
  if (is_tcp()) {
    if (taken.is_console || !taken.match.claims.empty()) {
      answer = Closed("the route takes no plain TCP");
    }
  } else if (taken.is_console) {
    const auto refusal = intake::CheckPageRequest(request_.head);
    answer = refusal ? AnswerFor(*refusal) : Answer{true, "200 OK, the page"};
  } else if (const auto refusal =
                 intake::CheckUpgradeRequest(request_.head, taken.options, request_.uses_tls)) {
    answer = AnswerFor(*refusal);
  }
  if (!answer) credentials_ = CheckCredentials(route);
  if (taken.is_console) {
    text += "static: builtin:console\n";
  } else {
    text += "backend: " + config_.backends[*taken.backend].name +
            "\nservers: " + DescribeServers(taken) + '\n';
  }
  if (const auto& identity = credentials_.identity; identity && !answer) {
    text += "credentials: accepted by " + identity->method +
            (identity->user.empty() ? "" : ", user " + settings::Quote(identity->user)) + '\n';
  }
  if (!answer) answer = AnswerOfTaken(route);
  is_accepted_ = answer->is_accepted;
  text += "answer: " + answer->text + '\n';
}

/// Returns the answer to a request that no route matches.
Answer Explainer::AnswerWithoutRoute() const {
  if (is_tcp()) return Closed("no route takes it");
  if (is_known_) {
    return AnswerFor(
        {base::Cause::kNoRoute,
         "the token has none of the claims that routes for this request criteria for"});
  }
  if (unauthorized_) return *unauthorized_;
  if (unfit_) return *unfit_;
  return AnswerFor({base::Cause::kNoRoute, "no route matches this request"});
}

Explanation Explainer::Explain() {
  std::string text;
  if (!request_.client_note.empty()) {
    const auto& client = request_.facts.client;
    text =
        "client: " + (client ? client->ToString() : "unix") + " (" + request_.client_note + ")\n";
  }
  if (request_.refusal)
    return {false, text + "answer: " + AnswerFor(*request_.refusal).text + '\n'};
  if (const auto refusal = RefuseHost(config_, request_)) {
    return {false, text + "route: none\nanswer: " + AnswerFor(*refusal).text + '\n'};
  }
  std::optional<size_t> taken;
  std::string others;
  for (size_t i = 0; i < config_.routes.size(); ++i) {
    const auto why_not = WhyNot(i);
    if (!why_not && !taken) {
      taken = i;
      continue;
    }
    others += "  " + config_.routes[i].name + ": " +
              why_not.value_or("matches, too, but comes later") + '\n';
  }
  if (taken) {
    DescribeTaken(*taken, text);
  } else {
    text += "route: none\nanswer: " + AnswerWithoutRoute().text + '\n';
  }
  if (!others.empty()) text += "others:\n" + others;
  return {is_accepted_, std::move(text)};
}

}  // namespace

base::Result<Explanation, std::string> ExplainRequest(const settings::Config& config,
                                                      const Explain& command) {
  const auto request = DescribeRequest(config, command);
  if (!request) return Unexpected(request.error());
  return Explainer(config, **request).Explain();
}

}  // namespace sluice::cli
