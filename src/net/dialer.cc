#include "sluice/net/dialer.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include <sys/un.h>

#include "net/address_order.h"
#include "net/connection_attempt.h"

namespace sluice::net {
namespace {

// Each costs a descriptor, and whoever owns a name may give it any number of addresses.
constexpr size_t kMaxAttempts = 8;
constexpr base::Duration kMinHeadStart{10};  // RFC 8305 section 5.

/// Of several failures, which says most.
int Rank(base::Cause cause) {
  switch (cause) {
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

Dial::Dial(EventLoop& loop, Resolver& resolver, const config::Endpoint& server, DialOptions options,
           Callback callback)
    : loop_(loop),
      resolver_(resolver),
      server_(server),
      options_(std::move(options)),
      deadline_(EventLoop::Now() + options_.timeout),
      has_deadline_(options_.timeout.count() > 0),
      callback_(std::move(callback)),
      timer_(loop, *this) {
  Start();
  starting_ = false;
}

Dial::~Dial() = default;

void Dial::Start() {
  if (server_.kind == config::Endpoint::Kind::kUnix) {
    Add({Address()}, {});
    GoOn();
  } else if (server_.kind == config::Endpoint::Kind::kSrv) {
    query_ = resolver_.ResolveService(
        server_.host, [this](Resolver::Services services) { OnServices(std::move(services)); });
    RestartTimer();
  } else if (const auto literal = Address::Parse(server_.host, server_.port)) {
    // Needs nobody to ask, and no turn of the loop to be told.
    Add({*literal}, {});
    GoOn();
  } else {
    Resolve(server_.host, server_.port);
  }
}

// ---- Names ----

void Dial::OnServices(Resolver::Services services) {
  query_.reset();
  if (services) {
    targets_ = *std::move(services);
  } else {
    Note({base::Cause::kBackendUnresolved, server_.host + ": " + services.error()});
  }
  GoOn();
}

void Dial::Resolve(const std::string& host, uint16_t port) {
  query_ = resolver_.Resolve(
      host, port, [this, host](Resolver::Answer answer) { OnResolved(host, std::move(answer)); });
  RestartTimer();
}

// By value: the function that has it goes with the query.
void Dial::OnResolved(std::string host, Resolver::Answer answer) {
  query_.reset();
  if (!answer) {
    Note({base::Cause::kBackendUnresolved, host + ": " + answer.error()});
  } else if (answer->empty()) {
    Note({base::Cause::kBackendUnresolved, host + ": the name has no address"});
  } else {
    InterleaveFamilies(*answer);
    Add(*std::move(answer),
        server_.kind == config::Endpoint::Kind::kSrv ? std::string_view(host) : std::string_view());
  }
  GoOn();
}

/// One or more, of which those that are not allowed are left out. `name` is whose they are, if not
/// the server's itself.
void Dial::Add(std::vector<Address> addresses, std::string_view name) {
  const Address first = addresses.front();
  if (options_.may_dial) std::erase_if(addresses, std::not_fn(options_.may_dial));
  if (addresses.empty()) {
    const std::string whose = name.empty() ? server_.ToString() : std::string(name);
    Note({base::Cause::kTargetNotAllowed, whose + ": " + first.ToString() + " is not allowed"});
  }
  addresses_.insert(addresses_.end(), addresses.begin(), addresses.end());
}

// ---- Attempts ----

/// With the next address, else the next target, else with what is under way.
void Dial::GoOn() {
  if (query_) return;
  if (next_address_ < addresses_.size()) StartNextAttempt();
  if (next_address_ == addresses_.size() && attempts_.empty()) {
    if (next_target_ == targets_.size()) {
      Fail();
    } else {
      ResolveNextTarget();
    }
    return;
  }
  RestartTimer();
}

void Dial::ResolveNextTarget() {
  const Service& target = targets_[next_target_++];
  Resolve(target.host, target.port);
}

/// And those behind it, as long as they fail at once.
void Dial::StartNextAttempt() {
  while (next_address_ < addresses_.size()) {
    auto failure = StartAttempt(addresses_[next_address_++]);
    if (!failure) return;
    Note(*std::move(failure));
  }
}

std::optional<DialFailure> Dial::StartAttempt(const Address& address) {
  if (attempts_.size() == kMaxAttempts) {
    Note(attempts_.front()->TimedOut());
    attempts_.erase(attempts_.begin());
  }
  const bool is_unix = server_.kind == config::Endpoint::Kind::kUnix;
  auto attempt = std::make_unique<ConnectionAttempt>(
      loop_, options_, is_unix ? server_.ToString() : "",
      options_.tls_server_name.empty() ? server_.CertificateName() : options_.tls_server_name,
      [this](ConnectionAttempt& over, Outcome outcome) {
        OnAttemptOver(over, std::move(outcome));
      });
  std::optional<DialFailure> failure;
  if (is_unix) {
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    if (server_.host.size() >= sizeof(name.sun_path)) {
      return DialFailure{base::Cause::kBackendUnreachable,
                         server_.ToString() + ": " + std::strerror(ENAMETOOLONG)};
    }
    server_.host.copy(name.sun_path, sizeof(name.sun_path) - 1);
    failure = attempt->Start(reinterpret_cast<const sockaddr*>(&name), sizeof(name));
  } else {
    failure = attempt->Start(address.get(), address.size());
  }
  if (!failure) attempts_.push_back(std::move(attempt));
  return failure;
}

void Dial::OnAttemptOver(ConnectionAttempt& attempt, Outcome outcome) {
  if (outcome) {
    timer_.Stop();
    query_.reset();
    attempts_.clear();
    const auto callback = std::move(callback_);
    callback(std::move(outcome));
    return;
  }
  Note(std::move(outcome.error()));
  std::erase_if(attempts_, [&attempt](const auto& other) { return other.get() == &attempt; });
  if (HasMore() && next_address_ == addresses_.size() && IsNextTargetEqual()) {
    ResolveNextTarget();
  } else {
    GoOn();
  }
}

// ---- Time ----

bool Dial::HasMore() const {
  return !query_ && (next_address_ < addresses_.size() || next_target_ < targets_.size());
}

/// Whether the next target has the priority of the last one, given that there are both.
bool Dial::IsNextTargetEqual() const {
  return targets_[next_target_].priority == targets_[next_target_ - 1].priority;
}

/// Of the attempt that was started last, with `left` to the deadline.
base::Duration Dial::HeadStart(base::Duration left) const {
  const size_t behind = addresses_.size() - next_address_ + targets_.size() - next_target_;
  const auto share = left / static_cast<int64_t>(behind + 1);
  // A target of lesser priority is for when nothing before it can be reached.
  if (next_address_ == addresses_.size() && !IsNextTargetEqual()) {
    return has_deadline_ ? share : left;
  }
  return std::clamp(share, kMinHeadStart, options_.head_start);
}

void Dial::RestartTimer() {
  const auto left = has_deadline_ ? std::max(deadline_ - EventLoop::Now(), base::Duration(1))
                                  : base::Duration::max();
  const auto wait = HasMore() ? HeadStart(left) : left;
  due_ = wait < left ? Due::kNextAddress : Due::kDeadline;
  if (wait == base::Duration::max()) {
    timer_.Stop();
  } else {
    timer_.Start(wait);
  }
}

void Dial::OnTimer() {
  if (due_ == Due::kDeadline) {
    OnDeadline();
  } else if (next_address_ < addresses_.size()) {
    GoOn();
  } else {
    ResolveNextTarget();
  }
}

void Dial::OnDeadline() {
  for (const auto& attempt : attempts_) Note(attempt->TimedOut());
  if (query_ && attempts_.empty()) {
    Note({base::Cause::kBackendConnectTimeout,
          server_.host + ": the name was not resolved in time"});
  }
  Fail();
}

// ---- Failure ----

void Dial::Note(DialFailure failure) {
  if (failure_ && Rank(failure_->cause) > Rank(failure.cause)) failure.cause = failure_->cause;
  failure_ = std::move(failure);
}

void Dial::Fail() {
  timer_.Stop();
  attempts_.clear();
  query_.reset();  // Or its answer could still come before this is destroyed.
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

}  // namespace sluice::net
