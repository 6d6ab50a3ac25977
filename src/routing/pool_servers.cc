// All modes of the choice have the same candidates: the servers of the best tier that may be used
// and have a free place.
//
// Credit is nginx's smooth weighted round robin: with each session, the credit of every candidate
// grows by its weight, and the chosen one pays the sum of the weights. The other modes use credit
// among servers that are equal for them, so they respect weights as well.
//
// Hashing is weighted rendezvous hashing: each server gets a score for the key, and the highest
// score wins. When a server leaves, only its keys move, and they spread over the others by weight.
// That is the minimum, and the weights are exact; rings and tables only approximate them. The cost
// is one logarithm for each server and session; no table is built.
#include "routing/pool_servers.h"

#include <algorithm>
#include <chrono>
#include <cmath>

#include "routing/hash.h"

namespace sluice::routing {
namespace {

// The share of its weight that a server starts with after it is up again.
constexpr double kLeastShare = 0.05;

// If no other server is up, more dials to a server on trial may start for this long after the
// first. A working host answers within this time.
constexpr base::Duration kTrialWindow{500};

bool Contains(const std::vector<size_t>& list, size_t i) {
  return std::find(list.begin(), list.end(), i) != list.end();
}

}  // namespace

PoolServer::PoolServer(const std::string& address) : hash(Hash(address)) {}

PoolServers::PoolServers(const settings::Backend& backend, KnownServers& known,
                         std::minstd_rand& random)
    : config_(backend), random_(random) {
  std::erase_if(known, [](const auto& entry) { return entry.second.expired(); });
  for (const settings::Server& server : config_.servers) {
    const std::string address = server.address.ToString();
    auto& entry = known[address];
    auto state = entry.lock();
    if (!state) {
      entry = state = std::make_shared<PoolServer>(address);
      state->max_sessions = server.max_sessions;
    }
    servers_.push_back(std::move(state));
  }
}

std::optional<size_t> PoolServers::IndexOf(const PoolServer& server) const {
  for (size_t i = 0; i < size(); ++i) {
    if (servers_[i].get() == &server) return i;
  }
  return std::nullopt;
}

// ---- The state of a server ----

bool PoolServers::IsSuspect(size_t i) const {
  return config_.ejection.after != 0 && servers_[i]->failures >= config_.ejection.after;
}

bool PoolServers::IsStarting(size_t i, base::TimePoint now) const {
  const auto& since = servers_[i]->back_since;
  return since && now - *since < config_.slow_start;
}

bool PoolServers::IsUsable(size_t i, base::TimePoint now, bool is_last_resort) const {
  const PoolServer& server = *servers_[i];
  if (server.is_down || !server.HasPlace()) return false;
  if (!IsSuspect(i)) return true;
  if (is_last_resort) return server.dials == 0 || now - server.dialled_at < kTrialWindow;
  return now >= server.ejected_until && server.dials == 0;
}

double PoolServers::WeightOf(size_t i, base::TimePoint now) const {
  const double weight = config_.servers[i].weight;
  if (!IsStarting(i, now)) return weight;
  const std::chrono::duration<double> back = now - *servers_[i]->back_since;
  const std::chrono::duration<double> total = config_.slow_start;
  return weight * std::max(kLeastShare, back / total);
}

/// Returns the number of sessions in proportion to the weight, if there were `more` sessions.
double PoolServers::LoadOf(size_t i, size_t more, base::TimePoint now) const {
  return static_cast<double>(servers_[i]->sessions + more) / WeightOf(i, now);
}

// ---- The choice ----

PoolServers::Candidates PoolServers::BestTier(const Criteria& criteria, base::TimePoint now) const {
  bool is_last_resort = true;
  for (size_t i = 0; i < size(); ++i) is_last_resort = is_last_resort && !IsUp(i);
  Candidates best;
  for (size_t i = 0; i < size(); ++i) {
    if (Contains(criteria.tried, i) || !IsUsable(i, now, is_last_resort)) continue;
    const uint32_t tier = config_.servers[i].tier;
    if (!best.empty() && tier > config_.servers[best.front()].tier) continue;
    if (!best.empty() && tier < config_.servers[best.front()].tier) best.clear();
    best.push_back(i);
  }
  return best;
}

std::optional<size_t> PoolServers::Pick(const Criteria& criteria, base::TimePoint now) const {
  const Candidates candidates = BestTier(criteria, now);
  if (candidates.empty()) return std::nullopt;
  switch (config_.balance.mode) {
    case settings::Balance::Mode::kHash:
      if (criteria.key) return ByHash(candidates, *criteria.key, now);
      break;
    case settings::Balance::Mode::kLeastSessions:
      return ByTurn(candidates, LeastLoaded(candidates, now), now);
    case settings::Balance::Mode::kRandomTwo:
      return ByTurn(candidates, LeastLoaded(DrawTwo(candidates, now), now), now);
    case settings::Balance::Mode::kRoundRobin:
      break;
  }
  return ByTurn(candidates, candidates, now);
}

NoServer PoolServers::WhyNone(const Criteria& criteria) const {
  for (size_t i = 0; i < size(); ++i) {
    if (IsUp(i) && !Contains(criteria.tried, i) && !servers_[i]->HasPlace()) return NoServer::kFull;
  }
  return criteria.tried.empty() ? NoServer::kDown : NoServer::kTried;
}

size_t PoolServers::CountOthers(size_t i, const Criteria& criteria) const {
  size_t others = 0;
  for (size_t other = 0; other < size(); ++other) {
    if (other != i && IsUp(other) && !Contains(criteria.tried, other)) ++others;
  }
  return others;
}

// ---- The modes ----

/// Returns the server of `among` with the most credit, after all `candidates` have got credit for
/// this session. Credit is limited to one round, so that a server that was full for long does not
/// get all sessions after that.
size_t PoolServers::ByTurn(const Candidates& candidates, const Candidates& among,
                           base::TimePoint now) const {
  double sum = 0;
  for (const size_t i : candidates) sum += WeightOf(i, now);
  for (const size_t i : candidates) {
    servers_[i]->credit = std::clamp(servers_[i]->credit + WeightOf(i, now), -sum, sum);
  }
  const size_t best = *std::max_element(among.begin(), among.end(), [this](size_t a, size_t b) {
    return servers_[a]->credit < servers_[b]->credit;
  });
  servers_[best]->credit -= sum;
  return best;
}

/// Returns the servers whose load is below the load that any candidate would have with one more
/// session. With equal weights, these have the fewest sessions. With different weights, a server
/// without sessions is not better than one with a low load; otherwise servers of little weight
/// would get most of the sessions while there are few.
PoolServers::Candidates PoolServers::LeastLoaded(const Candidates& candidates,
                                                 base::TimePoint now) const {
  double bound = LoadOf(candidates.front(), 1, now);
  for (const size_t i : candidates) bound = std::min(bound, LoadOf(i, 1, now));
  Candidates least;
  for (const size_t i : candidates) {
    if (LoadOf(i, 0, now) < bound) least.push_back(i);
  }
  return least;
}

size_t PoolServers::ByHash(const Candidates& candidates, uint64_t key, base::TimePoint now) const {
  size_t best = candidates.front();
  double highest = -1;
  for (const size_t i : candidates) {
    // A pseudo-random number in (0, 1) that depends only on the server and the key.
    const uint64_t bits = Mix(key ^ servers_[i]->hash) >> 11;
    const double drawn = (static_cast<double>(bits) + 0.5) * 0x1p-53;
    const double score = WeightOf(i, now) / -std::log(drawn);
    if (score <= highest) continue;
    highest = score;
    best = i;
  }
  return best;
}

/// Draws two different candidates by weight; returns all if there are only two.
PoolServers::Candidates PoolServers::DrawTwo(const Candidates& candidates,
                                             base::TimePoint now) const {
  if (candidates.size() <= 2) return candidates;
  Candidates left = candidates;
  Candidates drawn;
  while (drawn.size() < 2) {
    double sum = 0;
    for (const size_t i : left) sum += WeightOf(i, now);
    double point = std::uniform_real_distribution(0.0, sum)(random_);
    auto place = left.begin();
    for (; place + 1 != left.end(); ++place) {
      point -= WeightOf(*place, now);
      if (point < 0) break;
    }
    drawn.push_back(*place);
    left.erase(place);
  }
  return drawn;
}

}  // namespace sluice::routing
