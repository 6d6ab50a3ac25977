#include "sluice/backend/search.h"

#include <algorithm>
#include <utility>

#include "sluice/backend/place_wait.h"
#include "sluice/routing/target.h"

#include "backend/server_dial.h"

namespace sluice::backend {
namespace {

constexpr base::Duration kFirstPause{100};
constexpr base::Duration kLongestPause{2'000};

// How long a search waits for a local port, a descriptor or memory, and how often it tries again.
constexpr base::Duration kScarcityWait{1'000};
constexpr base::Duration kScarcityPause{50};

// How often a search that waits for a place checks whether an ejected server is due. A place that
// becomes free is reported at once.
constexpr base::Duration kPlaceInterval{1'000};

}  // namespace

Search::Search(workspace::Workspace& workspace, Backends& backends, Wanted wanted,
               Callback callback)
    : workspace_(workspace),
      backends_(backends),
      wanted_(std::move(wanted)),
      callback_(std::move(callback)),
      timer_(workspace.loop, *this),
      retry_pause_(kFirstPause) {
  criteria_.key = wanted_.balance_key;
}

Search::~Search() = default;

void Search::Start() {
  const base::TimePoint now = net::EventLoop::Now();
  retry_ends_ = now + settings().connect_retry;
  scarcity_ends_ = now + std::min<base::Duration>(kScarcityWait, wanted_.session.connect_timeout);
  StartRound();
}

void Search::StopWaiting() {
  if (!dial_) Finish(base::Unexpected(base::Cause::kDrain));
}

void Search::Cancel() {
  timer_.Stop();
  place_wait_.reset();
  dial_.reset();
}

void Search::OnTimer() {
  if (place_wait_) {
    TryPlace();
  } else {
    StartRound();
  }
}

void Search::Finish(base::Result<Found, base::Cause> result) {
  timer_.Stop();
  place_wait_.reset();
  callback_(std::move(result));
}

// ---- Rounds ----

void Search::StartRound() {
  criteria_.tried.clear();
  round_ends_ = net::EventLoop::Now() + wanted_.session.connect_timeout;
  last_failure_ = base::Cause::kBackendDown;
  TryNextServer();
}

void Search::TryNextServer() {
  criteria_.now = net::EventLoop::Now();
  if (!criteria_.tried.empty() && criteria_.now >= round_ends_) {
    EndRound(last_failure_);  // The servers that were not tried have not failed.
    return;
  }
  auto pick = backends_.pools->Acquire(wanted_.backend, criteria_);
  if (pick) {
    Dial(std::move(pick->slot), pick->others);
  } else if (pick.error() == routing::NoServer::kFull) {
    WaitForPlace();
  } else {
    EndRound(last_failure_);
  }
}

/// Ends a round in which no server is left, and schedules the next one. The last round starts when
/// the time of connect_retry, or of the wait for local resources, is over.
void Search::EndRound(base::Cause cause) {
  const base::TimePoint now = net::EventLoop::Now();
  const bool waits_for_resources = cause == base::Cause::kLocalResources && now < scarcity_ends_;
  const base::TimePoint until = waits_for_resources ? scarcity_ends_ : retry_ends_;
  if (now >= until) {
    Finish(base::Unexpected(cause));
    return;
  }
  const base::Duration pause = waits_for_resources ? kScarcityPause : retry_pause_;
  if (!waits_for_resources) retry_pause_ = std::min(retry_pause_ * 2, kLongestPause);
  // Searches that failed together do not retry together.
  const auto varied = std::chrono::duration_cast<base::Duration>(pause * workspace_.Jitter());
  timer_.Start(std::min(varied, until - now));
}

// ---- The queue of the backend ----

void Search::WaitForPlace() {
  place_wait_ = PlaceWait::Start(workspace_.loop, *backends_.pools, wanted_.backend, criteria_,
                                 [this] { TryPlace(); });
  if (!place_wait_) {
    Finish(base::Unexpected(base::Cause::kBackendSessions));
    return;
  }
  wait_ends_ = criteria_.now + settings().queue.timeout;
  timer_.Start(std::min(settings().queue.timeout, kPlaceInterval));
}

void Search::TryPlace() {
  auto slot = place_wait_->Retry();
  const base::TimePoint now = net::EventLoop::Now();
  if (slot) {
    timer_.Stop();
    place_wait_.reset();
    round_ends_ = now + wanted_.session.connect_timeout;  // The wait does not use up this time.
    const size_t others = backends_.pools->CountOthers(wanted_.backend, slot->server(), criteria_);
    Dial(*std::move(slot), others);
  } else if (now < wait_ends_) {
    timer_.Start(std::min<base::Duration>(wait_ends_ - now, kPlaceInterval));
  } else {
    place_wait_->GiveUp();
    Finish(base::Unexpected(base::Cause::kBackendSessions));
  }
}

// ---- Dials ----

/// Dials the server of `slot`. `others` is the number of servers that may be tried after it.
void Search::Dial(routing::ServerSlot slot, size_t others) {
  slot_ = std::move(slot);
  const size_t index = slot_.server();
  criteria_.tried.push_back(index);
  // The configuration outlives the search, so the pointer owns nothing.
  server_ = wanted_.named_server ? wanted_.named_server
                                 : std::shared_ptr<const settings::Endpoint>(
                                       std::shared_ptr<void>(), &settings().servers[index].address);
  // A dead server uses up only its share of the time. Zero would mean no limit.
  const auto left = round_ends_ - net::EventLoop::Now();
  const auto share = std::max(left / static_cast<int64_t>(others + 1), base::Duration(1));
  dial_started_ = std::chrono::steady_clock::now();
  dial_ = std::make_unique<ServerDial>(
      workspace_, *backends_.resolver, backends_.Dialable(*server_), OptionsFor(share),
      ServerDial::Upgrade{settings().websocket, wanted_.session, backends_.config.limits},
      [this](ServerDial::Outcome outcome) { OnDialled(std::move(outcome)); });
}

dial::Options Search::OptionsFor(base::Duration timeout) const {
  dial::Options options{.timeout = timeout,
                        .socket_buffer = backends_.config.limits.socket_buffer,
                        .preamble = wanted_.preamble};
  if (settings().target) {
    options.may_dial = [&target = *settings().target, &server = *server_](const auto& address) {
      const auto ip = address.ip();
      return ip && routing::MayConnect(target, server, *ip);
    };
  }
  if (const auto& tls = backends_.tls[wanted_.backend]) {
    options.tls = tls->Get();
    options.tls_buffers = &workspace_.tls_buffers;
  }
  return options;
}

void Search::OnDialled(base::Result<std::unique_ptr<leg::Leg>, dial::Failure> outcome) {
  // The dial is still on the stack.
  workspace_.loop.DestroyLater(std::move(dial_));
  if (outcome) {
    OnConnected(*std::move(outcome));
  } else {
    OnFailed(outcome.error());
  }
}

void Search::OnConnected(std::unique_ptr<leg::Leg> leg) {
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - dial_started_;
  metrics::ServerMetrics& metrics = backends_.MetricsOf(wanted_.backend, slot_.server());
  metrics.dials_succeeded.Add();
  metrics.dial_duration.Observe(took.count());
  if (slot_.OnConnected(net::EventLoop::Now())) {
    workspace_.log.Write(base::LogLevel::kInfo, "server_returned",
                         {{"backend", settings().name}, {"server", server_->ToString()}});
  }
  Finish(Found{std::move(leg), std::move(slot_)});
}

void Search::OnFailed(const dial::Failure& failure) {
  backends_.MetricsOf(wanted_.backend, slot_.server())
      .dials_failed[static_cast<size_t>(failure.cause)]
      .Add();
  LogFailure(failure);
  // A server that was not tried for lack of local resources may work, so this cause outranks those
  // of the other servers.
  if (last_failure_ != base::Cause::kLocalResources) last_failure_ = failure.cause;
  if (failure.cause == base::Cause::kTargetNotAllowed) {
    slot_ = routing::ServerSlot();
    Finish(base::Unexpected(failure.cause));
    return;
  }
  if (failure.cause == base::Cause::kLocalResources) {
    slot_ = routing::ServerSlot();  // It does not count as a failure of the server.
  } else if (const auto ejected = slot_.OnFailed(net::EventLoop::Now())) {
    workspace_.log.Write(base::LogLevel::kWarn, "server_ejected",
                         {{"backend", settings().name},
                          {"server", server_->ToString()},
                          {"reason", base::ReasonOf(failure.cause)},
                          {"seconds", std::chrono::duration<double>(*ejected).count()}});
  }
  TryNextServer();
}

void Search::LogFailure(const dial::Failure& failure) {
  if (failure.cause == base::Cause::kLocalResources) {
    workspace_.resource_log.Write(workspace_.log, net::EventLoop::Now(), failure.detail);
    return;
  }
  const auto omitted = workspace_.dial_log_limit.Admit(net::EventLoop::Now());
  if (!omitted) return;
  workspace_.log.Write(base::LogLevel::kWarn, "dial_failed",
                       {{"connection", wanted_.connection.ToString()},
                        {"client", wanted_.client.ToString()},
                        {"route", wanted_.route},
                        {"server", server_->ToString()},
                        {"reason", base::ReasonOf(failure.cause)},
                        {"detail", failure.detail},
                        {"omitted", *omitted}});
}

}  // namespace sluice::backend
