#include "server/ports.h"

#include <utility>

namespace sluice::server {
namespace {

/// Sockets on one address, one for each worker, which the last gets first.
base::Result<std::vector<net::ListeningSocket>, std::string> Bind(const config::Endpoint& address,
                                                                  size_t workers) {
  auto first = net::Listen(address);
  if (!first) return base::Unexpected(std::move(first).error());
  std::vector<net::ListeningSocket> sockets;
  while (sockets.size() + 1 < workers) {
    auto again = net::ListenAgain(*first);
    if (!again) return base::Unexpected(std::move(again).error());
    sockets.push_back(*std::move(again));
  }
  sockets.push_back(*std::move(first));
  return sockets;
}

}  // namespace

base::Result<Ports::Plan, std::string> Ports::PlanFor(const std::vector<config::Listener>& next,
                                                      size_t workers) const {
  Plan plan;
  plan.of_worker.resize(workers);
  std::vector<bool> is_kept(configured_.size());
  for (const auto& listener : next) {
    // Several may be on port 0, each of which is another port.
    size_t old = 0;
    while (old < configured_.size() && (is_kept[old] || configured_[old] != listener.address)) {
      ++old;
    }
    if (old < configured_.size()) {
      is_kept[old] = true;
      plan.bound.push_back(bound_[old]);
      for (auto& ports : plan.of_worker) ports.push_back({old, std::nullopt});
      continue;
    }
    auto sockets = Bind(listener.address, workers);
    if (!sockets) return base::Unexpected(std::move(sockets).error());
    plan.bound.push_back(sockets->front().address);
    for (size_t i = 0; i < workers; ++i) {
      plan.of_worker[i].push_back({std::nullopt, std::move((*sockets)[i])});
    }
  }
  return plan;
}

void Ports::Take(const std::vector<config::Listener>& listeners, const Plan& plan) {
  configured_.clear();
  for (const auto& listener : listeners) configured_.push_back(listener.address);
  bound_ = plan.bound;
}

}  // namespace sluice::server
