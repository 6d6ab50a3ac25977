// Which route a request takes: the first whose conditions hold. Claims are known when a token has
// been verified, which is for the route itself to do; so a route that asks for some may turn out
// not to be the one, and then the search goes on behind it.
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/auth/credentials.h"
#include "sluice/relay/client_request.h"

namespace sluice::relay {
namespace {

using auth::Verdict;
using config::TokenSource;

// Nobody is told more: neither that there is a route, nor what it asks for.
const http::Refusal& NoRoute() {
  static const http::Refusal refusal{base::Cause::kNoRoute, "no route matches this request"};
  return refusal;
}

// Whether what a route finds as the token depends on its own pattern.
bool HasOwnToken(const config::Route& route) {
  return auth::TakesTokenFrom(route, TokenSource::Kind::kPath) ||
         auth::TakesTokenFrom(route, TokenSource::Kind::kHost);
}

}  // namespace

/// Of the connection and its request, whose head is complete; of plain TCP there is none.
routing::RequestFacts ClientRequest::Facts() {
  routing::RequestFacts facts =
      is_raw() ? routing::RequestFacts() : routing::RequestFacts(parser_.head());
  facts.client = address_.ip();
  facts.listener = listener_;
  if (client_->tls() == nullptr) return facts;
  facts.sni = routing::NormalizeHost(client_->DescribeTls().server_name);
  if (auto certificate = ClientCertificate()) facts.certificate = std::move(certificate->names);
  return facts;
}

void ClientRequest::ChooseRoute() {
  const routing::RequestFacts facts = Facts();
  route_ = generation_->router.Find(facts);
  if (route_ && !route().match.claims.empty() && ChooseByClaims(facts)) return;
  if (!route_) {
    Refuse(NoRoute());
  } else if (route().is_console) {
    ServePage();
  } else if (const auto refusal = CheckWebSocket()) {
    Refuse(*refusal);
  } else {
    Authenticate();
  }
}

/// A connection of plain TCP whose TLS handshake, if there is one, is over.
void ClientRequest::TakeConnection() {
  if (IsTooFast()) return;
  route_ = generation_->router.Find(Facts());
  if (!route_ || route().is_console || !route().match.claims.empty()) {
    Refuse({base::Cause::kNoRoute, "no route takes connections of plain TCP from this listener"});
    return;
  }
  Authenticate();
}

/// Looks for the route among those with claims, from this one on. False if one without has come
/// first, which is the route then; else it is decided what becomes of the request.
bool ClientRequest::ChooseByClaims(const routing::RequestFacts& facts) {
  struct Unfit {
    size_t route;
    http::Refusal refusal;
  };
  std::optional<Unfit> unfit;          // The first that the request itself is not good for.
  std::optional<size_t> unauthorized;  // The first that has not accepted the credentials.
  Verdict refused;                     // Its verdict.
  bool is_known = false;               // One has.
  const std::vector<const auth::Method*>* asked = nullptr;
  Verdict verdict;  // Of `asked`.
  for (; route_; route_ = generation_->router.Find(facts, *route_ + 1)) {
    if (route().match.claims.empty()) return false;
    if (auto refusal = CheckWebSocket()) {
      if (!unfit) unfit = {*route_, *std::move(refusal)};
      continue;
    }
    const auto& methods = generation_->auth->guard->MethodsOf(*route_);
    // A signature takes a while to verify, and routes with the same `auth` are many.
    if (asked == nullptr || *asked != methods || HasOwnToken(route())) {
      if (asked == nullptr && RefuseIfThrottled()) return true;
      verdict = AskJwt();
      asked = &methods;
    }
    if (verdict.kind != Verdict::Kind::kAccepted) {
      if (!unauthorized) {
        unauthorized = *route_;
        refused = verdict;
      }
      continue;
    }
    is_known = true;
    const auto claims = [&identity = *verdict.identity](std::string_view name) {
      return identity.ValuesOf(std::string(name));
    };
    if (routing::FindMissingClaim(route().match, claims)) continue;
    identity_ = verdict.identity;
    StartDial();
    return true;
  }
  if (is_known) {
    Refuse(NoRoute(),
           {.detail = "the token has none of the claims that routes for this request ask for"});
  } else if (unauthorized) {
    route_ = unauthorized;
    RefuseUnknown(refused);
  } else {
    route_ = unfit->route;
    Refuse(unfit->refusal);
  }
  return true;
}

/// The verdict of this route, whose methods are all `jwt`, which answers at once.
Verdict ClientRequest::AskJwt() {
  Verdict verdict;
  Authentication authentication(context_.loop, *generation_->auth, *credentials_, AuthRequest(),
                                generation_->auth->guard->MethodsOf(*route_),
                                [&verdict](const Verdict& given) { verdict = given; });
  authentication.Start();
  CountVerdict(verdict);
  return verdict;
}

}  // namespace sluice::relay
