#include "sluice/worker/registry.h"

#include <algorithm>
#include <random>
#include <utility>

namespace sluice::worker {

Registry::Registry(workspace::Workspace& workspace, auth::RateLimiter& rate_limiter,
                   std::string_view console_page)
    : workspace_(workspace), context_{workspace, rate_limiter, console_page, *this} {}

Registry::~Registry() = default;

void Registry::Use(std::shared_ptr<intake::Generation> next) {
  if (generation_) next->backends.resolver->MoveCacheFrom(*generation_->backends.resolver);
  generation_ = std::move(next);
  connections_.ForEach([](intake::Connection& connection) { connection.EndKeepAlive(); });
  sessions_.ForEach([this](session::Session& session) {
    if (const auto cause = ReasonToEnd(session.route())) session.RequestClose(*cause);
  });
}

void Registry::Add(std::unique_ptr<net::Stream> stream, const net::Address& client, size_t listener,
                   std::shared_ptr<const tls::Context> tls) {
  intake::Connection& added = connections_.Add(std::make_unique<intake::Connection>(
      context_, generation_, std::move(stream), client, listener, std::move(tls)));
  UpdateSize();
  added.Start();
}

session::Session& Registry::AddSession(session::Session::Parts parts) {
  session::Session& session = sessions_.Add(std::make_unique<session::Session>(
      workspace_, static_cast<session::SessionOwner&>(*this), std::move(parts)));
  UpdateSize();
  return session;
}

std::map<std::string, uint64_t> Registry::CountByRoute() const {
  std::map<const session::RouteInUse*, uint64_t> counts;  // By pointer: cheaper than by name.
  sessions_.ForEach([&counts](session::Session& session) { ++counts[&session.route()]; });
  std::map<std::string, uint64_t> by_name;
  for (const auto& [route, count] : counts) by_name[route->settings.name] += count;
  return by_name;
}

std::optional<base::Cause> Registry::ReasonToEnd(const session::RouteInUse& route) const {
  if (is_draining_) return base::Cause::kDrain;
  if (route.settings.options.on_removal == settings::OnRemoval::kKeep) return std::nullopt;
  const auto& routes = generation_->routes;
  const bool is_there = std::any_of(routes.begin(), routes.end(), [&route](const auto& other) {
    return other.quota == route.quota;
  });
  return is_there ? std::nullopt : std::optional(base::Cause::kRouteRemoved);
}

void Registry::Drain(base::Duration window, std::function<void()> done) {
  is_draining_ = true;
  connections_.ForEach([](intake::Connection& connection) { connection.Drain(); });
  const base::TimePoint now = net::EventLoop::Now();
  std::uniform_int_distribution<base::Duration::rep> delay(0, window.count());
  sessions_.ForEach([&](session::Session& session) {
    if (window.count() == 0) {
      session.RequestClose(base::Cause::kDrain);
    } else {
      session.RequestCloseAt(now + base::Duration(delay(workspace_.random)), base::Cause::kDrain);
    }
  });
  AwaitEnd(std::move(done));
}

void Registry::AwaitEnd(std::function<void()> done) {
  connections_.ForEach([](intake::Connection& connection) { connection.EndKeepAlive(); });
  when_empty_ = std::move(done);
  CheckEnd();
}

void Registry::Abort() {
  connections_.ForEach([](intake::Connection& connection) { connection.Abort(); });
  sessions_.ForEach([](session::Session& session) { session.Abort(); });
}

void Registry::Release(intake::Connection& connection) {
  workspace_.loop.DestroyLater(connections_.Take(connection));
  CheckEnd();
}

void Registry::Release(session::Session& session) {
  workspace_.loop.DestroyLater(sessions_.Take(session));
  CheckEnd();
}

void Registry::UpdateSize() {
  size_.store(connections_.size() + sessions_.size(), std::memory_order_relaxed);
}

void Registry::CheckEnd() {
  UpdateSize();
  if (!when_empty_ || !connections_.empty() || !sessions_.empty()) return;
  std::exchange(when_empty_, nullptr)();
}

}  // namespace sluice::worker
