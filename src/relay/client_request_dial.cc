// A request that may come in: which server it goes to, and the way there.
#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "sluice/relay/client_request.h"
#include "sluice/routing/target.h"

#include "backend_dial.h"

namespace sluice::relay {

void ClientRequest::StartDial() {
  timer_.Stop();
  if (!TakeSlot()) return;
  if (const auto refusal = ChooseServers()) {
    Refuse(*refusal);
    return;
  }
  id_ = context_.ids.Next();
  if (context_.memory.IsUsedUp()) {
    TellFailure(base::Cause::kMemory);
    return;
  }
  state_ = State::kDialing;
  dial_deadline_ = net::EventLoop::Now() + route().options.connect_timeout;
  DialNext();
}

std::optional<http::Refusal> ClientRequest::ChooseServers() {
  candidates_ = generation_->balancer.Candidates(*route().backend);
  if (backend().is_from_token) {
    if (!identity_ || !identity_->server) {
      return http::Refusal{base::Cause::kTargetNotAllowed, "the credentials name no server"};
    }
    candidates_.front().server = {identity_, &*identity_->server};
  }
  if (!backend().target) return std::nullopt;
  const http::RequestHead& head = parser_.head();
  const routing::Captures captures =
      routing::CapturesOf(route().match, routing::NormalizeHost(head.host), head.path);
  const auto claim = [this](std::string_view name) -> std::optional<std::string> {
    if (!identity_) return std::nullopt;
    const auto found = identity_->claims.find(std::string(name));
    return found == identity_->claims.end() ? std::nullopt : std::optional(found->second);
  };
  auto server = routing::ResolveTarget(*backend().target, {captures, head.query, claim});
  if (!server) return http::Refusal{base::Cause::kTargetNotAllowed, server.error()};
  candidates_.front().server = std::make_shared<const config::Endpoint>(*std::move(server));
  return std::nullopt;
}

/// For the route's backend, within `timeout`.
net::DialOptions ClientRequest::OptionsToDial(const config::Endpoint& server,
                                              base::Duration timeout) {
  net::DialOptions options{.timeout = timeout, .preamble = ProxyPreamble()};
  if (backend().target) {
    options.may_dial = [&target = *backend().target, &server](const net::Address& address) {
      const auto ip = address.ip();
      return ip && routing::MayConnect(target, server, *ip);
    };
  }
  if (const auto& tls = generation_->backend_tls[*route().backend]) {
    options.tls = tls->Get();
    options.tls_buffers = &context_.tls_buffers;
  }
  return options;
}

void ClientRequest::DialNext() {
  const routing::Candidate& candidate = candidates_[next_candidate_];
  // A dead server may use up its share of the time, not all of it.
  const auto left = dial_deadline_ - net::EventLoop::Now();
  const auto share = std::max(left / static_cast<int64_t>(candidates_.size() - next_candidate_),
                              base::Duration(1));  // Zero would stand for no limit.
  dial_started_ = std::chrono::steady_clock::now();
  dial_ = std::make_unique<BackendDial>(
      context_, *generation_, generation_->Dialable(*candidate.server),
      OptionsToDial(*candidate.server, share), backend().websocket, route().options,
      [this, id = candidate.id](net::Dial::Outcome outcome) { OnDialled(id, std::move(outcome)); });
}

void ClientRequest::OnDialled(size_t server, net::Dial::Outcome outcome) {
  // The dial is still on the stack.
  context_.loop.DestroyLater(std::move(dial_));
  metrics::ServerMetrics& metrics = generation_->metrics.servers[server];
  if (outcome) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - dial_started_;
    metrics.dials_succeeded.Add();
    metrics.dial_duration.Observe(took.count());
    BecomeSession(*std::move(outcome), std::nullopt);
    return;
  }
  const net::DialFailure& failure = outcome.error();
  metrics.dials_failed[static_cast<size_t>(failure.cause)].Add();
  if (const auto omitted = context_.dial_log_limit.Admit(net::EventLoop::Now())) {
    context_.log.Write(base::LogLevel::kWarn, "dial_failed",
                       {{"route", route().name},
                        {"server", candidates_[next_candidate_].server->ToString()},
                        {"reason", base::ReasonOf(failure.cause)},
                        {"detail", failure.detail},
                        {"omitted", *omitted}});
  }
  if (++next_candidate_ < candidates_.size()) {
    DialNext();
  } else {
    OnAllDialsFailed(failure);
  }
}

void ClientRequest::OnAllDialsFailed(const net::DialFailure& failure) {
  --next_candidate_;
  TellFailure(failure.cause);
}

// As the route says, by a Close, which a page can read, or by a status.
void ClientRequest::TellFailure(base::Cause cause) {
  const bool is_refusal = base::InfoOf(cause).close_code == 0;
  if (is_refusal || route().options.on_dial_failure == config::OnDialFailure::kHttp) {
    // What a dial says has addresses that are nobody's business outside.
    Refuse({cause, std::string(base::InfoOf(cause).description)});
  } else {
    BecomeSession(nullptr, cause);
  }
}

}  // namespace sluice::relay
