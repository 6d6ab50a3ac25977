#include "sluice/intake/refusal_log.h"

#include <algorithm>
#include <string>
#include <utility>

#include "sluice/auth/credentials.h"
#include "sluice/base/log_line.h"
#include "sluice/net/event_loop.h"
#include "sluice/routing/target.h"

namespace sluice::intake {
namespace {

using settings::TokenSource;

constexpr base::Duration kInterval{1'000};
constexpr uint32_t kBurst = 10;

/// Returns the rate limit for a cause. Refusals at a limit come in floods, so one line a second is
/// enough. Other refusals may be the attempts of a user who is reading the log.
base::LogLimit LimitOf(const base::CauseInfo& info) {
  const bool is_flood = info.http_status == 429 || info.http_status == 503;
  return base::LogLimit(kInterval, is_flood ? 1 : kBurst);
}

const settings::Route& RouteOf(const RequestView& request) {
  return request.generation.config.routes[*request.route];
}

/// Returns true if that part of the request may contain a token. Until the route is certain, this
/// considers all routes.
bool MayHoldToken(const RequestView& request, TokenSource::Kind kind) {
  if (request.route && RouteOf(request).match.claims.empty()) {
    return auth::ReadsTokenFrom(RouteOf(request), kind);
  }
  const auto& routes = request.generation.config.routes;
  return std::any_of(routes.begin(), routes.end(), [kind](const settings::Route& candidate) {
    return auth::ReadsTokenFrom(candidate, kind);
  });
}

void Describe(const RequestView& request, base::LogLine& line) {
  const Client& client = request.client;
  line.Add("connection", client.connection.ToString());
  line.Add("listener", request.generation.config.listeners[client.listener].address.ToString());
  line.Add("client", client.address.ToString());
  line.Add("route", request.route ? std::string_view(RouteOf(request).name) : std::string_view());
  if (request.head == nullptr) return;
  const http::RequestHead& head = *request.head;
  // The origin of a page from the same host contains that host.
  const bool is_host_public = !MayHoldToken(request, TokenSource::Kind::kHost);
  if (is_host_public) line.AddClientText("host", head.host);
  if (!MayHoldToken(request, TokenSource::Kind::kPath)) line.AddClientText("path", head.path);
  if (is_host_public) line.AddClientText("origin", head.Find("Origin").value_or(""));
}

/// Returns true if the template of the target uses a part of the request that may hold a token.
bool IsSecret(const RequestView& request, const settings::DynamicTarget& target) {
  using Source = settings::Template::Source;
  const auto may_hold = [&request](TokenSource::Kind kind) { return MayHoldToken(request, kind); };
  const auto& parts = target.server.parts;
  return std::any_of(parts.begin(), parts.end(), [&](const auto& part) {
    if (part.source == Source::kQuery) return may_hold(TokenSource::Kind::kQuery);
    return part.source == Source::kCapture &&
           (may_hold(TokenSource::Kind::kPath) || may_hold(TokenSource::Kind::kHost));
  });
}

/// Returns the server that the request names, allowed or not; empty if there is none, or if the
/// name may contain a token.
std::string RequestedTarget(const RequestView& request) {
  if (request.named_server != nullptr) return request.named_server->ToString();
  const settings::Route& route = RouteOf(request);
  const auto& target = request.generation.config.backends[*route.backend].target;
  if (!target || request.head == nullptr || IsSecret(request, *target)) return {};
  const http::RequestHead& head = *request.head;
  const routing::Captures captures =
      routing::CapturesOf(route.match, routing::NormalizeHost(head.host), head.path);
  const auto text = routing::TargetText(
      *target, {captures, head.query,
                [&request](std::string_view name) { return ClaimOf(request.identity, name); }});
  return text ? *text : std::string();
}

/// Returns the detail to log: it may contain more than the text that is sent to the client.
std::string DetailOf(const RequestView& request, const http::Refusal& refusal,
                     const RefusalNote& note) {
  if (!note.detail.empty()) return note.detail;
  if (refusal.cause != base::Cause::kOriginNotAllowed) return refusal.detail;
  return refusal.detail + (request.head->Count("Origin") == 0
                               ? "; to allow it, remove 'require_origin' of the route"
                               : "; to allow it, add it to 'origins' of the route");
}

}  // namespace

RefusalLog::RefusalLog() {
  for (const base::CauseInfo& info : base::AllCauses()) limits_.push_back(LimitOf(info));
}

void RefusalLog::CountAndLog(base::Log& log, const RequestView& request,
                             const http::Refusal& refusal, const RefusalNote& note) {
  const base::CauseInfo& info = base::InfoOf(refusal.cause);
  const auto cause = static_cast<size_t>(refusal.cause);
  request.generation.metrics.listeners[request.client.listener].requests_refused[cause].Add();
  const auto omitted = limits_[cause].Admit(net::EventLoop::Now());
  if (!omitted) return;
  base::LogLine line;
  Describe(request, line);
  if (refusal.cause == base::Cause::kTargetNotAllowed) {
    line.AddClientText("target", RequestedTarget(request));
  }
  line.AddClientText("user", note.user);
  line.Add("code", info.http_status);
  line.Add("reason", info.reason);
  line.Add("detail", DetailOf(request, refusal, note));
  line.Add("omitted", *omitted);
  line.Write(log, info.level, "refused");
}

void LogSessionOpened(base::Log& log, const RequestView& request,
                      const settings::Endpoint* server) {
  if (!request.generation.config.log.session_opened) return;
  base::LogLine line;
  Describe(request, line);
  line.Add("server", server != nullptr ? server->ToString() : std::string());
  if (request.identity != nullptr) {
    line.Add("auth", request.identity->method);
    line.AddClientText("user", request.identity->user);
  }
  line.Write(log, base::LogLevel::kInfo, "session_opened");
}

void LogClientLeft(base::Log& log, const RequestView& request) {
  const settings::Route& route = RouteOf(request);
  log.Write(base::LogLevel::kInfo, "client_left",
            {{"connection", request.client.connection.ToString()},
             {"client", request.client.address.ToString()},
             {"route", route.name},
             {"backend", request.generation.config.backends[*route.backend].name}});
}

}  // namespace sluice::intake
