// Finds the server of a request that was admitted.
//
//   StartDial ──► StartRound ──► DialNext ──► Dial ──► a session
//                     ▲         ▲   │  ▲        │
//                     │     place   │  └────────┤ failed: the next server
//                     │  WaitForPlace ◄─ full   │
//                     └─── pause ── EndRound ◄──┴─ no server is left
//
// A round tries each server that is up once, within timeouts.connect. With connect_retry there are
// more rounds; the last one starts when its time is over. So there are for a short time when sluice
// has no local port, descriptor or memory left for a dial.
#include <algorithm>
#include <string>
#include <utility>

#include "sluice/relay/client_request.h"
#include "sluice/routing/balance_key.h"
#include "sluice/routing/target.h"

namespace sluice::relay {
namespace {

constexpr base::Duration kFirstPause{100};
constexpr base::Duration kLongestPause{2'000};

// How long a request waits for a local port, a descriptor or memory, and how often it tries.
constexpr base::Duration kResourceWait{1'000};
constexpr base::Duration kResourcePause{50};

// How often a request that waits for a place looks whether an ejected server is due. Places that
// become free are told at once.
constexpr base::Duration kLookInterval{1'000};

}  // namespace

void ClientRequest::StartDial() {
  timer_.Stop();
  if (!TakeSlot()) return;
  if (const auto refusal = MakeServer()) {
    Refuse(*refusal);
    return;
  }
  if (context_.memory.IsUsedUp()) {
    TellFailure(base::Cause::kMemory);
    return;
  }
  state_ = State::kDialing;
  ask_.key = routing::BalanceKey(backend().balance,
                                 {address_.ip(), route().match, &parser_.head(),
                                  [this](std::string_view name) { return Claim(name); }});
  const base::TimePoint now = net::EventLoop::Now();
  retry_until_ = now + backend().connect_retry;
  resources_until_ = now + std::min<base::Duration>(kResourceWait, route().options.connect_timeout);
  retry_pause_ = kFirstPause;
  StartRound();
  if (state_ == State::kDialing) ReadWhileDialing();
}

/// The server that the request or its credentials name, if the backend has none of its own.
std::optional<http::Refusal> ClientRequest::MakeServer() {
  if (backend().is_from_token) {
    if (!identity_ || !identity_->server) {
      return http::Refusal{base::Cause::kTargetNotAllowed, "the credentials name no server"};
    }
    own_server_ = {identity_, &*identity_->server};
  }
  if (!backend().target) return std::nullopt;
  const http::RequestHead& head = parser_.head();
  const routing::Captures captures =
      routing::CapturesOf(route().match, routing::NormalizeHost(head.host), head.path);
  auto server = routing::ResolveTarget(
      *backend().target,
      {captures, head.query, [this](std::string_view name) { return Claim(name); }});
  if (!server) return http::Refusal{base::Cause::kTargetNotAllowed, server.error()};
  own_server_ = std::make_shared<const config::Endpoint>(*std::move(server));
  return std::nullopt;
}

/// Of the client's token.
std::optional<std::string> ClientRequest::Claim(std::string_view name) const {
  if (!identity_) return std::nullopt;
  const auto found = identity_->claims.find(std::string(name));
  return found == identity_->claims.end() ? std::nullopt : std::optional(found->second);
}

void ClientRequest::StartRound() {
  ask_.tried.clear();
  dial_deadline_ = net::EventLoop::Now() + route().options.connect_timeout;
  last_failure_ = base::Cause::kBackendDown;
  DialNext();
}

void ClientRequest::DialNext() {
  ask_.now = net::EventLoop::Now();
  if (!ask_.tried.empty() && ask_.now >= dial_deadline_) {
    EndRound(last_failure_);  // A server that gets no time has not failed.
    return;
  }
  auto pick = generation_->pools->Take(*route().backend, ask_);
  if (pick) {
    DialServer(std::move(pick->slot), pick->others);
  } else if (pick.error() == routing::NoServer::kFull) {
    WaitForPlace();
  } else {
    EndRound(last_failure_);
  }
}

void ClientRequest::WaitForPlace() {
  place_wait_ = PlaceWait::Start(context_.loop, *generation_->pools, *route().backend, ask_,
                                 [this] { LookForPlace(); });
  if (!place_wait_) {
    TellFailure(base::Cause::kBackendSessions);
    return;
  }
  wait_deadline_ = ask_.now + backend().queue.timeout;
  timer_.Start(std::min(backend().queue.timeout, kLookInterval));
}

void ClientRequest::LookForPlace() {
  auto slot = place_wait_->Look();
  const base::TimePoint now = net::EventLoop::Now();
  if (slot) {
    timer_.Stop();
    place_wait_.reset();
    dial_deadline_ = now + route().options.connect_timeout;  // Waiting is not dialling.
    const size_t others = generation_->pools->Others(*route().backend, slot->server(), ask_);
    DialServer(*std::move(slot), others);
  } else if (now < wait_deadline_) {
    timer_.Start(std::min<base::Duration>(wait_deadline_ - now, kLookInterval));
  } else {
    timer_.Stop();
    place_wait_->GiveUp();
    place_wait_.reset();
    TellFailure(base::Cause::kBackendSessions);
  }
}

/// `others` may still be tried should it fail.
void ClientRequest::DialServer(routing::ServerSlot slot, size_t others) {
  server_slot_ = std::move(slot);
  const size_t index = server_slot_.server();
  ask_.tried.push_back(index);
  // The configuration outlives the request, so there is nothing to count.
  server_ = own_server_ ? own_server_
                        : std::shared_ptr<const config::Endpoint>(
                              std::shared_ptr<void>(), &backend().servers[index].address);
  // A dead server may use up its share of the time, not all of it.
  const auto left = dial_deadline_ - net::EventLoop::Now();
  const auto share = std::max(left / static_cast<int64_t>(others + 1),
                              base::Duration(1));  // Zero would stand for no limit.
  Dial(share);
}

void ClientRequest::OnServerFailed(const net::DialFailure& failure) {
  // A server that could not be tried for lack of local resources may be well, so this cause
  // outranks those of the other servers.
  if (last_failure_ != base::Cause::kLocalResources) last_failure_ = failure.cause;
  if (failure.cause == base::Cause::kTargetNotAllowed) {
    server_slot_ = routing::ServerSlot();
    TellFailure(failure.cause);
    return;
  }
  if (failure.cause == base::Cause::kLocalResources) {
    server_slot_ = routing::ServerSlot();  // It does not count as a failure of the server.
    DialNext();
    return;
  }
  if (const auto ejected = server_slot_.OnFailed(net::EventLoop::Now())) {
    context_.log.Write(base::LogLevel::kWarn, "server_ejected",
                       {{"backend", backend().name},
                        {"server", server_->ToString()},
                        {"reason", base::ReasonOf(failure.cause)},
                        {"seconds", std::chrono::duration<double>(*ejected).count()}});
  }
  DialNext();
}

/// No server is left in this round. The last round starts when the time of connect_retry is over,
/// or the time for which a request waits for local resources.
void ClientRequest::EndRound(base::Cause cause) {
  const base::TimePoint now = net::EventLoop::Now();
  const bool waits_for_resources = cause == base::Cause::kLocalResources && now < resources_until_;
  const base::TimePoint until = waits_for_resources ? resources_until_ : retry_until_;
  if (now >= until) {
    TellFailure(cause);
    return;
  }
  const base::Duration pause = waits_for_resources ? kResourcePause : retry_pause_;
  if (!waits_for_resources) retry_pause_ = std::min(retry_pause_ * 2, kLongestPause);
  // Requests that failed together do not return together.
  const auto varied = std::chrono::duration_cast<base::Duration>(pause * context_.Jitter());
  timer_.Start(std::min(varied, until - now));
}

void ClientRequest::OnDialTimer() {
  if (place_wait_) {
    LookForPlace();
  } else {
    StartRound();
  }
}

/// For a drain: there is no dial under way, only the hope for one.
void ClientRequest::StopWaiting() {
  timer_.Stop();
  place_wait_.reset();
  TellFailure(base::Cause::kDrain);
}

}  // namespace sluice::relay
