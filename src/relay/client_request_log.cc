// What the log says of a request. Its client chooses the host, the path and more, so each is
// bounded, and what may hold a token is left out: a query always, the rest by where routes look for
// tokens.
#include <algorithm>
#include <string>
#include <utility>

#include "sluice/auth/credentials.h"
#include "sluice/relay/client_request.h"
#include "sluice/routing/target.h"

#include "log_line.h"

namespace sluice::relay {

using config::TokenSource;

/// Returns true if a token may be in that part of the request. Before the route is certain, any
/// route may have been meant.
bool ClientRequest::MayHoldToken(TokenSource::Kind kind) const {
  if (route_ && route().match.claims.empty()) return auth::TakesTokenFrom(route(), kind);
  const auto& routes = generation_->config.routes;
  return std::any_of(routes.begin(), routes.end(), [kind](const config::Route& candidate) {
    return auth::TakesTokenFrom(candidate, kind);
  });
}

void ClientRequest::Describe(LogLine& line) {
  line.Add("connection", id_.ToString());
  line.Add("listener", listener().address.ToString());
  line.Add("client", address_.ToString());
  line.Add("route", route_ ? std::string_view(route().name) : std::string_view());
  if (!parser_.done()) return;
  const http::RequestHead& head = parser_.head();
  // The origin of a page from the same host has that host in it.
  const bool is_host_public = !MayHoldToken(TokenSource::Kind::kHost);
  if (is_host_public) line.AddClientText("host", head.host);
  if (!MayHoldToken(TokenSource::Kind::kPath)) line.AddClientText("path", head.path);
  if (is_host_public) line.AddClientText("origin", head.Find("Origin").value_or(""));
}

/// The server that the request names, whether allowed or not; empty if there is none, or if the
/// places that it is made of may hold a token.
std::string ClientRequest::RequestedTarget() {
  if (own_server_) return own_server_->ToString();
  const auto& target = backend().target;
  if (!target) return {};
  const bool is_secret = std::any_of(
      target->server.parts.begin(), target->server.parts.end(), [this](const auto& part) {
        using Source = config::Template::Source;
        return (part.source == Source::kCapture && (MayHoldToken(TokenSource::Kind::kPath) ||
                                                    MayHoldToken(TokenSource::Kind::kHost))) ||
               (part.source == Source::kQuery && MayHoldToken(TokenSource::Kind::kQuery));
      });
  if (is_secret) return {};
  const http::RequestHead& head = parser_.head();
  const routing::Captures captures =
      routing::CapturesOf(route().match, routing::NormalizeHost(head.host), head.path);
  const auto text = routing::TargetText(
      *target, {captures, head.query, [this](std::string_view name) { return Claim(name); }});
  return text ? *text : std::string();
}

/// What the log says in place of the text that the client gets.
std::string ClientRequest::LogDetail(const http::Refusal& refusal, const RefusalNote& note) {
  if (!note.detail.empty()) return std::string(note.detail);
  if (refusal.cause != base::Cause::kOriginNotAllowed) return refusal.detail;
  return refusal.detail + (parser_.head().Count("Origin") == 0
                               ? "; to allow it, remove 'require_origin' of the route"
                               : "; to allow it, add it to 'origins' of the route");
}

void ClientRequest::CountRefusal(const http::Refusal& refusal, const RefusalNote& note) {
  const base::CauseInfo& info = base::InfoOf(refusal.cause);
  listener_metrics().requests_refused[static_cast<size_t>(refusal.cause)].Add();
  const auto omitted =
      context_.refusal_log_limits[static_cast<size_t>(refusal.cause)].Admit(net::EventLoop::Now());
  if (!omitted) return;
  LogLine line;
  Describe(line);
  if (refusal.cause == base::Cause::kTargetNotAllowed) {
    line.AddClientText("target", RequestedTarget());
  }
  line.AddClientText("user", note.user);
  line.Add("code", info.http_status);
  line.Add("reason", info.reason);
  line.Add("detail", LogDetail(refusal, note));
  line.Add("omitted", *omitted);
  line.Write(context_.log, info.level, "refused");
}

void ClientRequest::LogOpened() {
  if (!generation_->config.log.session_opened) return;
  LogLine line;
  Describe(line);
  line.Add("server", server_ ? server_->ToString() : std::string());
  if (identity_) {
    line.Add("auth", identity_->method);
    line.AddClientText("user", identity_->user);
  }
  line.Write(context_.log, base::LogLevel::kInfo, "session_opened");
}

}  // namespace sluice::relay
