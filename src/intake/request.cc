#include "sluice/intake/request.h"

#include <algorithm>
#include <utility>

#include "sluice/intake/forwarded_client.h"
#include "sluice/intake/upgrade_check.h"
#include "sluice/net/stream.h"
#include "sluice/routing/balance_key.h"
#include "sluice/routing/target.h"

#include "intake/claim_choice.h"
#include "intake/handshake_answer.h"
#include "intake/proxy_preamble.h"
#include "intake/refusals.h"

namespace sluice::intake {
namespace {

// The console is one file with its script and style inside, and connects to WebSockets anywhere.
constexpr std::string_view kConsolePolicy =
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "connect-src ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace

Request::Request(Context& context, Responder& responder, Origin origin)
    : context_(context),
      responder_(responder),
      generation_(std::move(origin.generation)),
      client_(std::move(origin.client)),
      head_(origin.head),
      deadline_(origin.deadline),
      is_rate_counted_(origin.is_rate_counted),
      timer_(context.workspace.loop, *this),
      credential_checks_(context.workspace.loop, *generation_, client_, head(),
                         responder.stream()) {}

Request::~Request() = default;

const http::RequestHead& Request::head() const {
  static const http::RequestHead empty;
  return head_ != nullptr ? *head_ : empty;
}

RequestView Request::View() const {
  return {*generation_, client_, head_, route_, identity_.get(), named_server_.get()};
}

void Request::Start() {
  if (head_ != nullptr && !ApplyForwardedHeaders()) return;
  if (RefuseIfOverRate()) return;
  if (head_ != nullptr && RefuseIfHostUnknown()) return;
  ChooseRoute();
}

void Request::Drain() {
  if (search_) search_->StopWaiting();
}

void Request::OnClientLeft() {
  LogClientLeft(context_.workspace.log, View());
  Enter(RequestEvent::kAnswered);
  responder_.Drop();
}

void Request::Enter(RequestEvent event) {
  const auto next = Next(state_, event);
  if (!next) return;
  state_ = *next;
  timer_.Stop();
  if (state_ != RequestState::kAuthenticating) credential_checks_.Cancel();
  if (state_ == RequestState::kDone) {
    if (search_) search_->Cancel();
    context_.workspace.loop.DestroyLater(std::move(search_));  // It may be on the stack.
    quota_slot_ = auth::SessionQuota::Slot();
  }
}

void Request::Refuse(const http::Refusal& refusal, const RefusalNote& note) {
  context_.refusal_log.CountAndLog(context_.workspace.log, View(), refusal, note);
  Enter(RequestEvent::kAnswered);
  responder_.Refuse(refusal);
}

// ---- Before the route is chosen ----

/// Reads the client's address and protocol from the headers of a trusted proxy. Returns false if it
/// has refused the request.
bool Request::ApplyForwardedHeaders() {
  const settings::Config& config = generation_->config;
  if (!IsTrustedProxy(config, client_.address.ip())) return true;
  is_rate_counted_ = false;  // Each request may be another client's.
  const auto forwarded = ReadForwarded(*config.trusted_proxies, *head_);
  if (!forwarded) {
    Refuse(forwarded.error());
    return false;
  }
  // TLS between the proxy and sluice does not show that the client uses TLS.
  client_.uses_tls = forwarded->uses_tls;
  if (const auto& node = forwarded->node) {
    client_.address = net::Address::From(*node->ip, node->port);
  }
  return true;
}

/// Counts the request for limits.handshake_rate, unless its connection was counted, and refuses it
/// over the limit.
bool Request::RefuseIfOverRate() {
  if (is_rate_counted_) return false;
  const auto refusal = CountForRate(context_, *generation_, client_);
  if (refusal) Refuse(*refusal);
  return refusal.has_value();
}

/// Refuses a request for a name that the listener does not serve (DNS rebinding,
/// http/host_names.h).
bool Request::RefuseIfHostUnknown() {
  const auto& names = generation_->listener_hosts[client_.listener];
  if (!names) return false;
  const std::string host = http::NormalizeHost(head_->host);
  if (names->Contain(host)) return false;
  const auto& tls = generation_->listener_tls[client_.listener];
  if (tls && tls->Get()->Covers(host)) return false;
  // The log line contains the host, unless it may be a token.
  Refuse({base::Cause::kHostNotAllowed,
          "this listener does not serve the host that the request names; see 'hosts'"},
         {.detail = "this listener does not serve the host name; if it is yours, add it to 'hosts' "
                    "(or --host)"});
  return true;
}

// ---- The route ----

void Request::ChooseRoute() {
  const routing::RequestFacts facts = FactsOf(client_, head_, responder_.stream());
  route_ = generation_->router.Find(facts);
  if (head_ == nullptr) {
    if (route_ && !route().is_console && route().match.claims.empty()) {
      Authenticate();
    } else {
      Refuse({base::Cause::kNoRoute, "no route takes connections of plain TCP from this listener"});
    }
    return;
  }
  if (route_ && !route().match.claims.empty()) {
    const ClaimChoice choice =
        ChooseByClaims(*generation_, facts, *route_, *head_, client_.uses_tls, credential_checks_);
    route_ = choice.route;
    identity_ = choice.identity;
    if (const auto& refused = choice.refusal) {
      Refuse(refused->refusal, refused->note);
      return;
    }
    if (identity_) {
      Admit();
      return;
    }
  }
  if (!route_) {
    Refuse({base::Cause::kNoRoute, "no route matches this request"});
  } else if (route().is_console) {
    ServePage();
  } else if (const auto refusal = CheckUpgradeRequest(*head_, route().options, client_.uses_tls)) {
    Refuse(*refusal);
  } else {
    Authenticate();
  }
}

void Request::ServePage() {
  if (const auto refusal = CheckPageRequest(*head_)) {
    Refuse(*refusal);
    return;
  }
  generation_->metrics.listeners[client_.listener].pages_served.Add();
  Enter(RequestEvent::kAnswered);
  responder_.Serve({"text/html; charset=utf-8", context_.console_page.size(), kConsolePolicy},
                   context_.console_page);
}

// ---- Authentication ----

void Request::Authenticate() {
  if (!credential_checks_.AreNeeded(*route_)) {
    Admit();
    return;
  }
  if (const auto refusal = credential_checks_.Begin()) {
    Refuse(*refusal);
    return;
  }
  Enter(RequestEvent::kCredentialsNeeded);
  timer_.Start(std::max(deadline_ - net::EventLoop::Now(), base::Duration(1)));
  credential_checks_.Start(*route_, [this](const auth::Verdict& verdict) {
    if (state_ == RequestState::kAuthenticating) OnVerdict(verdict);
  });
}

/// Refuses the request: timeouts.handshake has passed before the credentials were checked.
void Request::OnTimer() {
  OnVerdict(auth::Verdict::Unavailable("timeouts.handshake was over before they were"));
}

void Request::OnVerdict(const auth::Verdict& verdict) {
  credential_checks_.CountVerdict(*route_, verdict.kind);
  if (verdict.kind == auth::Verdict::Kind::kAccepted) {
    identity_ = verdict.identity;
    Admit();
  } else {
    const NotedRefusal refused = credential_checks_.RefusalOf(*route_, verdict);
    Refuse(refused.refusal, refused.note);
  }
}

// ---- Admission and the server ----

void Request::Admit() {
  if (!AcquireQuota()) return;
  if (const auto refusal = ResolveNamedServer()) {
    Refuse(*refusal);
    return;
  }
  Enter(RequestEvent::kAdmitted);
  if (context_.workspace.memory.IsUsedUp()) {
    AnswerFailure(base::Cause::kMemory);
  } else {
    StartSearch();
  }
}

bool Request::AcquireQuota() {
  auth::SessionQuota::RouteCount& of_route = *generation_->routes[*route_].quota;
  auto slot = of_route.quota.Acquire(of_route, generation_->config.limits,
                                     route().options.session_limits, client_.address.ip(),
                                     identity_ ? std::string_view(identity_->account()) : "");
  if (!slot) {
    Refuse({slot.error(), std::string(base::InfoOf(slot.error()).description)});
    return false;
  }
  quota_slot_ = *std::move(slot);
  return true;
}

/// Resolves the server that the request or its credentials name, if the backend has none of its
/// own.
std::optional<http::Refusal> Request::ResolveNamedServer() {
  if (backend().is_from_token) {
    if (!identity_ || !identity_->server) {
      return http::Refusal{base::Cause::kTargetNotAllowed, "the credentials name no server"};
    }
    named_server_ = {identity_, &*identity_->server};
  }
  if (!backend().target) return std::nullopt;
  const routing::Captures captures =
      routing::CapturesOf(route().match, routing::NormalizeHost(head().host), head().path);
  const auto claim = [this](std::string_view name) { return ClaimOf(identity_.get(), name); };
  auto server = routing::ResolveTarget(*backend().target, {captures, head().query, claim});
  if (!server) return http::Refusal{base::Cause::kTargetNotAllowed, server.error()};
  named_server_ = std::make_shared<const settings::Endpoint>(*std::move(server));
  return std::nullopt;
}

void Request::StartSearch() {
  const auto claim = [this](std::string_view name) { return ClaimOf(identity_.get(), name); };
  search_ = std::make_unique<backend::Search>(
      context_.workspace, generation_->backends,
      backend::Search::Wanted{
          .backend = *route().backend,
          .session = route().options,
          .named_server = named_server_,
          .balance_key = routing::BalanceKey(backend().balance,
                                             {client_.address.ip(), route().match, &head(), claim}),
          .preamble = ProxyPreamble(backend().proxy_protocol, route(), client_, head(),
                                    responder_.stream()),
          .connection = client_.connection,
          .client = client_.address,
          .route = route().name},
      [this](auto result) {
        if (state_ == RequestState::kSearching) OnSearched(std::move(result));
      });
  search_->Start();
  if (state_ == RequestState::kSearching) responder_.WatchClient();
}

void Request::OnSearched(base::Result<backend::Search::Found, base::Cause> result) {
  if (result) {
    StartSession(std::move(result->leg), std::move(result->slot), std::nullopt);
  } else {
    AnswerFailure(result.error());
  }
}

/// Answers a request that has no server: with a Close, whose code a page can read, or with an HTTP
/// status, as the route is configured.
void Request::AnswerFailure(base::Cause cause) {
  const bool has_no_code = base::InfoOf(cause).close_code == 0;
  if (has_no_code || route().options.on_dial_failure == settings::OnDialFailure::kHttp) {
    // The text of a failed dial contains internal addresses.
    Refuse({cause, std::string(base::InfoOf(cause).description)});
  } else {
    StartSession(nullptr, {}, cause);
  }
}

/// Starts the session. With a cause, `backend` is null and the session closes at once.
void Request::StartSession(std::unique_ptr<leg::Leg> backend, routing::ServerSlot slot,
                           std::optional<base::Cause> cause) {
  const std::shared_ptr<const settings::Endpoint> server = search_ ? search_->server() : nullptr;
  LogSessionOpened(context_.workspace.log, View(), server.get());

  session::Session::Parts parts;
  parts.route = RouteOf(generation_, *route_);
  parts.peers = {.client = client_.address,
                 .listener = &generation_->metrics.listeners[client_.listener],
                 .server = server,
                 .id = client_.connection,
                 .identity = identity_};
  parts.legs.backend = std::move(backend);
  parts.quota_slot = std::move(quota_slot_);
  parts.server_slot = std::move(slot);
  Agreement agreement;
  if (head_ != nullptr) {
    agreement = AnswerHandshake(context_.workspace.zlib, *head_, route());
    parts.peers.has_half_close = agreement.has_half_close;
  }
  if (!cause) cause = context_.owner.ReasonToEnd(*parts.route);
  Enter(RequestEvent::kAnswered);
  responder_.StartSession(std::move(parts), std::move(agreement), cause);
}

}  // namespace sluice::intake
