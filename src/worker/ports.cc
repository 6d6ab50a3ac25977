#include "sluice/worker/ports.h"

#include <utility>

#include "sluice/net/address.h"

namespace sluice::worker {
namespace {

/// Returns true if both are the same address. One may name the zone of a link-local address by
/// interface name, the other by number.
bool AreSame(const settings::Endpoint& a, const settings::Endpoint& b) {
  if (a == b) return true;
  if (a.kind != b.kind || a.port != b.port || a.HostWithoutZone() != b.HostWithoutZone()) {
    return false;
  }
  const auto one = net::Address::Of(a);
  const auto other = net::Address::Of(b);
  return one && other && *one && *one == *other;
}

}  // namespace

/// Returns sockets for `listener`, all on one address: at least one for each worker. Inherited
/// sockets are used first.
base::Result<std::vector<net::ListeningSocket>, std::string> Ports::SocketsFor(
    const settings::Listener& listener, size_t workers) {
  std::vector<net::ListeningSocket> sockets;
  // Several listeners may be configured with port 0. Sockets of one listener have the same port.
  std::erase_if(inherited_, [&](InheritedSocket& one) {
    if (!AreSame(one.listener, listener.address)) return false;
    if (!sockets.empty() && sockets.front().address != one.socket.address) return false;
    sockets.push_back(std::move(one.socket));
    return true;
  });
  if (sockets.empty()) {
    auto first = net::Listen(listener.address, listener.socket_file);
    if (!first) return base::Unexpected(std::move(first).error());
    sockets.push_back(*std::move(first));
  }
  while (sockets.size() < workers) {
    auto again = net::ListenAgain(sockets.front());
    if (!again) return base::Unexpected(std::move(again).error());
    sockets.push_back(*std::move(again));
  }
  return sockets;
}

base::Result<Ports::Plan, std::string> Ports::PlanFor(const std::vector<settings::Listener>& next,
                                                      size_t workers) {
  Plan plan;
  plan.of_worker.resize(workers);
  std::vector<bool> is_kept(open_.size());
  for (const auto& listener : next) {
    size_t old = 0;
    while (old < open_.size() &&
           (is_kept[old] || !AreSame(open_[old].listener, listener.address))) {
      ++old;
    }
    if (old < open_.size()) {
      is_kept[old] = true;
      plan.bound.push_back(bound_[old]);
      plan.open.push_back(open_[old]);
      for (auto& ports : plan.of_worker) ports.push_back({.address = bound_[old], .kept = old});
      continue;
    }
    auto sockets = SocketsFor(listener, workers);
    if (!sockets) return base::Unexpected(std::move(sockets).error());
    plan.bound.push_back(sockets->front().address);
    plan.open.push_back({listener.address, {}});
    for (auto& ports : plan.of_worker) ports.push_back({.address = plan.bound.back()});
    for (size_t i = 0; i < sockets->size(); ++i) {
      plan.open.back().fds.push_back((*sockets)[i].fd.get());
      plan.of_worker[i % workers].back().sockets.push_back(std::move((*sockets)[i]));
    }
  }
  return plan;
}

void Ports::Commit(const Plan& plan) {
  open_ = plan.open;
  bound_ = plan.bound;
  inherited_.clear();
}

}  // namespace sluice::worker
