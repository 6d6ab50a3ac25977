#include "sluice/dial/dial.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/un.h>

#include "sluice/dns/address_order.h"

#include "dial/connection_attempt.h"
#include "dial/local_resources.h"

namespace sluice::dial {
namespace {

// Bounded, because each attempt costs a descriptor, and a name can have any number of addresses.
constexpr size_t kMaxAttempts = 8;
constexpr base::Duration kMinHeadStart{10};  // RFC 8305 section 5.

// How long a lookup may delay a target of lesser priority. DNS sometimes needs longer than a head
// start for a name that is not cached; that must not send sessions to a backup.
constexpr base::Duration kLookupDelay{1'000};

/// Ranks causes by how informative they are for a dial with several failed addresses. An address
/// that was not tried ranks highest, because the server may work.
int Rank(base::Cause cause) {
  switch (cause) {
    case base::Cause::kLocalResources:
      return 5;
    case base::Cause::kBackendTls:
      return 4;
    case base::Cause::kBackendRefused:
      return 3;
    case base::Cause::kBackendConnectTimeout:
      return 2;
    case base::Cause::kBackendUnreachable:
      return 1;
    default:
      return 0;
  }
}

}  // namespace

Dial::Dial(net::EventLoop& loop, dns::Resolver& resolver, const settings::Endpoint& server,
           Options options, Callback callback)
    : loop_(loop),
      resolver_(resolver),
      server_(server),
      options_(std::move(options)),
      deadline_(net::EventLoop::Now() + options_.timeout),
      has_deadline_(options_.timeout.count() > 0),
      callback_(std::move(callback)),
      timer_(loop, *this) {
  Start();
  starting_ = false;
}

Dial::~Dial() = default;

void Dial::Start() {
  if (server_.kind == settings::Endpoint::Kind::kUnix) {
    Add({net::Address()}, {}, 0);
  } else if (const auto literal = net::Address::Of(server_); !literal) {
    Record({IsOutOfSockets() ? base::Cause::kLocalResources : base::Cause::kBackendUnreachable,
            server_.ToString() + ": " + literal.error()});
  } else if (*literal) {
    // No lookup is needed, so the dial starts at once.
    Add({**literal}, {}, 0);
  } else {
    ResolveServer();
  }
  Continue();
}

// ---- Names ----

void Dial::ResolveServer() {
  if (server_.kind != settings::Endpoint::Kind::kSrv) {
    Resolve(server_.host, server_.port, 0);
    return;
  }
  services_query_ = resolver_.ResolveService(
      server_.host, CacheUse(),
      [this](dns::Resolver::Services services) { OnServices(std::move(services)); });
}

dns::Resolver::Cached Dial::CacheUse() const {
  return has_renewed_ ? dns::Resolver::Cached::kRenew : dns::Resolver::Cached::kUse;
}

void Dial::OnServices(dns::Resolver::Services services) {
  is_renewable_ = is_renewable_ || services_query_->IsRenewable();
  services_query_.reset();
  if (services) {
    targets_ = *std::move(services);
  } else if (CountsLookupFailures()) {
    RecordUnresolved(server_.host, services.error());
  }
  next_target_ = 0;
  Continue();
}

void Dial::Resolve(const std::string& host, uint16_t port, uint16_t priority) {
  const auto place = lookups_.insert(lookups_.end(), Lookup{.host = host, .priority = priority});
  place->query = resolver_.Resolve(
      host, port, CacheUse(),
      [this, place](dns::Resolver::Answer answer) { OnResolved(place, std::move(answer)); });
}

void Dial::OnResolved(Lookups::iterator place, dns::Resolver::Answer answer) {
  is_renewable_ = is_renewable_ || place->query->IsRenewable();
  const std::string host = std::move(place->host);
  const uint16_t priority = place->priority;
  lookups_.erase(place);
  if (answer && !answer->empty()) {
    const bool is_target = server_.kind == settings::Endpoint::Kind::kSrv;
    dns::InterleaveFamilies(*answer);
    Add(*std::move(answer), is_target ? std::string_view(host) : std::string_view(), priority);
  } else if (CountsLookupFailures()) {
    RecordUnresolved(host, answer ? "the name has no address" : answer.error());
  }
  Continue();
}

/// Returns true if a failed lookup counts as a failure of the dial. After a renewal, the failure
/// that caused the renewal is more informative, if there is one: a slow lookup causes a renewal
/// before it has failed.
bool Dial::CountsLookupFailures() const {
  return !has_renewed_ || !failure_;
}

/// Records a failed lookup. c-ares does not report that it could not create a socket, so this
/// checks it.
void Dial::RecordUnresolved(const std::string& host, const std::string& why) {
  const bool is_ours = IsOutOfSockets();
  Record({is_ours ? base::Cause::kLocalResources : base::Cause::kBackendUnresolved,
          host + ": " + (is_ours ? "no socket to ask DNS with: " : "") + why});
}

/// Adds one or more addresses of one host, except those that are not allowed and those that were
/// tried before the answer was renewed. `name` is the host if it is not the server's own name.
void Dial::Add(std::vector<net::Address> addresses, std::string_view name, uint16_t priority) {
  if (has_renewed_) {
    std::erase_if(addresses, [this](const net::Address& address) { return HasTried(address); });
    if (addresses.empty()) return;
  }
  const net::Address first = addresses.front();
  if (options_.may_dial) std::erase_if(addresses, std::not_fn(options_.may_dial));
  if (addresses.empty()) {
    const std::string whose = name.empty() ? server_.ToString() : std::string(name);
    Record({base::Cause::kTargetNotAllowed, whose + ": " + first.ToString() + " is not allowed"});
    return;
  }
  // A slow lookup may return addresses of better priority than the waiting ones.
  auto at = std::find_if(
      candidates_.begin() + static_cast<ptrdiff_t>(next_candidate_), candidates_.end(),
      [priority](const Candidate& candidate) { return candidate.priority > priority; });
  for (const net::Address& address : addresses) {
    at = std::next(candidates_.insert(at, {address, priority}));
  }
}

bool Dial::HasTried(const net::Address& address) const {
  return std::any_of(candidates_.begin(), candidates_.end(),
                     [&](const Candidate& candidate) { return candidate.address == address; });
}

// ---- Steps ----

Dial::Step Dial::NextStep() const {
  if (next_candidate_ < candidates_.size()) return Step::kAddress;
  if (next_target_ < targets_.size()) return Step::kTarget;
  // An address that was not tried does not show that the server has moved.
  const bool was_tried = !failure_ || failure_->cause != base::Cause::kLocalResources;
  return is_renewable_ && !has_renewed_ && was_tried ? Step::kRenewal : Step::kNone;
}

/// Starts steps until one of them is under way. Fails if there is none.
void Dial::Continue() {
  for (Step step = NextStep(); step != Step::kNone && !MustWait(step); step = NextStep()) {
    if (StartStep(step)) break;
  }
  if (IsUnderWay()) {
    RestartTimer();
  } else {
    Fail();
  }
}

bool Dial::IsUnderWay() const {
  return !attempts_.empty() || !lookups_.empty() || services_query_ != nullptr;
}

/// Returns true if the step must not start before the head start of the previous one is over.
bool Dial::MustWait(Step step) const {
  if (step == Step::kRenewal) return !attempts_.empty();
  const uint16_t priority = PriorityOf(step);
  return std::any_of(attempts_.begin(), attempts_.end(),
                     [priority](const Attempt& other) { return other.priority < priority; });
}

uint16_t Dial::PriorityOf(Step step) const {
  switch (step) {
    case Step::kAddress:
      return candidates_[next_candidate_].priority;
    case Step::kTarget:
      return targets_[next_target_].priority;
    default:
      return 0;
  }
}

/// Starts a step. Returns false if it has failed at once.
bool Dial::StartStep(Step step) {
  if (step == Step::kAddress) {
    auto failure = StartAttempt(candidates_[next_candidate_++]);
    if (failure) Record(*std::move(failure));
    return !failure;
  }
  if (step == Step::kTarget) {
    const dns::Service& target = targets_[next_target_++];
    Resolve(target.host, target.port, target.priority);
  } else {
    has_renewed_ = true;
    ResolveServer();
  }
  return true;
}

std::optional<Failure> Dial::StartAttempt(const Candidate& candidate) {
  if (attempts_.size() == kMaxAttempts) {
    Record(attempts_.front().connection->TimedOut());
    attempts_.erase(attempts_.begin());
  }
  const bool is_unix = server_.kind == settings::Endpoint::Kind::kUnix;
  auto connection = std::make_unique<ConnectionAttempt>(
      loop_, options_, is_unix ? server_.ToString() : "",
      options_.tls_server_name.empty() ? server_.CertificateName() : options_.tls_server_name,
      [this](ConnectionAttempt& over, Outcome outcome) {
        OnAttemptOver(over, std::move(outcome));
      });
  std::optional<Failure> failure;
  if (is_unix) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (server_.host.size() >= sizeof(name.sun_path)) {
      return Failure{base::Cause::kBackendUnreachable,
                     server_.ToString() + ": " + std::strerror(ENAMETOOLONG)};
    }
    server_.host.copy(name.sun_path, sizeof(name.sun_path) - 1);
    failure = connection->Start(reinterpret_cast<const sockaddr*>(&name), sizeof(name));
  } else {
    failure = connection->Start(candidate.address.get(), candidate.address.size());
  }
  if (!failure) attempts_.push_back({std::move(connection), candidate.priority});
  return failure;
}

void Dial::OnAttemptOver(ConnectionAttempt& attempt, Outcome outcome) {
  if (outcome) {
    Cancel();
    const auto callback = std::move(callback_);
    callback(std::move(outcome));
    return;
  }
  Record(std::move(outcome.error()));
  std::erase_if(attempts_,
                [&attempt](const Attempt& other) { return other.connection.get() == &attempt; });
  Continue();
}

// ---- Time ----

/// Returns how long the next step waits for the attempts under way, with `left` to the deadline.
base::Duration Dial::HeadStart(Step step, base::Duration left) const {
  const size_t steps = candidates_.size() - next_candidate_ + targets_.size() - next_target_;
  const auto share = left / static_cast<int64_t>(std::max<size_t>(steps, 1) + 1);
  if (step != Step::kRenewal && MustWait(step)) return has_deadline_ ? share : left;
  const uint16_t priority = PriorityOf(step);
  const bool waits_for_lookup =
      std::any_of(lookups_.begin(), lookups_.end(),
                  [priority](const Lookup& lookup) { return lookup.priority < priority; });
  return std::clamp(share, kMinHeadStart, waits_for_lookup ? kLookupDelay : options_.head_start);
}

void Dial::RestartTimer() {
  const auto left = has_deadline_ ? std::max(deadline_ - net::EventLoop::Now(), base::Duration(1))
                                  : base::Duration::max();
  const Step step = NextStep();
  const auto wait = step == Step::kNone ? left : HeadStart(step, left);
  due_ = wait < left ? step : Step::kNone;
  if (wait == base::Duration::max()) {
    timer_.Stop();
  } else {
    timer_.Start(wait);
  }
}

void Dial::OnTimer() {
  if (due_ == Step::kNone) {
    OnDeadline();
  } else if (StartStep(due_)) {
    RestartTimer();
  } else {
    Continue();
  }
}

void Dial::OnDeadline() {
  for (const auto& attempt : attempts_) Record(attempt.connection->TimedOut());
  if (!failure_ || (attempts_.empty() && !has_renewed_)) {
    Record({base::Cause::kBackendConnectTimeout,
            server_.host + ": the name was not resolved in time"});
  }
  Fail();
}

// ---- Failure ----

void Dial::Record(Failure failure) {
  if (failure_ && Rank(failure_->cause) > Rank(failure.cause)) failure.cause = failure_->cause;
  failure_ = std::move(failure);
}

/// Ends all attempts and lookups, so that they do not call back before this dial is destroyed.
void Dial::Cancel() {
  timer_.Stop();
  attempts_.clear();
  lookups_.clear();
  services_query_.reset();
}

void Dial::Fail() {
  Cancel();
  if (starting_) {
    loop_.RunNextTurn(*this);
  } else {
    RunTask();
  }
}

void Dial::RunTask() {
  const auto callback = std::move(callback_);
  callback(base::Unexpected(*std::move(failure_)));
}

}  // namespace sluice::dial
