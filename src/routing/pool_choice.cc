// Which of a pool's servers. All modes see the same candidates: the servers of the best tier that
// may be used and have a place.
//
// Credit is nginx's smooth weighted round robin: with each session, every candidate is owed its
// weight, and the one that gets the session pays the sum. The other modes fall back on it where
// they have no reason to prefer one server, so weights hold there as well.
//
// Hashing is weighted rendezvous hashing: every server gets a score of its own for the key, and the
// highest wins. When a server leaves, only the keys that it won move, and they spread over the
// others by weight; that is the least that can move, and the weights hold exactly, which rings and
// tables only approximate. It costs a logarithm for each server and session, and nothing is built
// beforehand.
#include <algorithm>
#include <cmath>

#include "routing/hash.h"
#include "routing/pool.h"

namespace sluice::routing {
namespace {

// What a server that comes back begins with, of its weight.
constexpr double kLeastShare = 0.05;

// For how long a dial to a server that is on trial may be joined by others when there is no other
// server: time enough for an answer from a living host.
constexpr base::Duration kTrialWindow{500};

bool Contains(const std::vector<size_t>& list, size_t i) {
  return std::find(list.begin(), list.end(), i) != list.end();
}

}  // namespace

bool Pool::IsSuspect(size_t i) const {
  return config_.ejection.after != 0 && servers_[i]->failures >= config_.ejection.after;
}

bool Pool::HasPlace(size_t i) const {
  const size_t most = servers_[i]->max_sessions;
  return most == 0 || servers_[i]->sessions < most;
}

bool Pool::IsStarting(size_t i, base::TimePoint now) const {
  const auto& since = servers_[i]->back_since;
  return since && now - *since < config_.slow_start;
}

double Pool::WeightOf(size_t i, base::TimePoint now) const {
  const double weight = config_.servers[i].weight;
  if (!IsStarting(i, now)) return weight;
  const std::chrono::duration<double> back = now - *servers_[i]->back_since;
  const std::chrono::duration<double> whole = config_.slow_start;
  return weight * std::max(kLeastShare, back / whole);
}

// Sessions for its weight, were there `more` of them.
double Pool::LoadOf(size_t i, size_t more, base::TimePoint now) const {
  return static_cast<double>(servers_[i]->sessions + more) / WeightOf(i, now);
}

bool Pool::IsUsable(size_t i, base::TimePoint now, bool is_last_resort) const {
  const PoolServer& server = *servers_[i];
  if (server.is_down || !HasPlace(i)) return false;
  if (!IsSuspect(i)) return true;
  if (is_last_resort) return server.dials == 0 || now - server.dialled_at < kTrialWindow;
  return now >= server.ejected_until && server.dials == 0;
}

Pool::Candidates Pool::BestTier(const Ask& ask, base::TimePoint now) const {
  bool is_last_resort = true;
  for (size_t i = 0; i < size(); ++i) is_last_resort = is_last_resort && !IsUp(i);
  Candidates best;
  for (size_t i = 0; i < size(); ++i) {
    if (Contains(ask.tried, i) || !IsUsable(i, now, is_last_resort)) continue;
    const uint32_t tier = config_.servers[i].tier;
    if (!best.empty() && tier > config_.servers[best.front()].tier) continue;
    if (!best.empty() && tier < config_.servers[best.front()].tier) best.clear();
    best.push_back(i);
  }
  return best;
}

std::optional<size_t> Pool::Pick(const Ask& ask, base::TimePoint now) const {
  const Candidates candidates = BestTier(ask, now);
  if (candidates.empty()) return std::nullopt;
  switch (config_.balance.mode) {
    case settings::Balance::Mode::kHash:
      if (ask.key) return ByHash(candidates, *ask.key, now);
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

NoServer Pool::WhyNone(const Ask& ask) const {
  for (size_t i = 0; i < size(); ++i) {
    if (IsUp(i) && !Contains(ask.tried, i) && !HasPlace(i)) return NoServer::kFull;
  }
  return ask.tried.empty() ? NoServer::kDown : NoServer::kTried;
}

// The one of `among` that is owed most; all `candidates` are owed their part of it. Whoever could
// have none for long, being full of sessions that last, is not owed more than a round for it.
size_t Pool::ByTurn(const Candidates& candidates, const Candidates& among,
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

// Those that no other would be less loaded than, or as little, with one session more. Of equal
// weights these are the ones that have fewest. Of others, the one with none is no better than one
// with little for its weight: else light servers would get most of it wherever sessions are few.
Pool::Candidates Pool::LeastLoaded(const Candidates& candidates, base::TimePoint now) const {
  double bound = LoadOf(candidates.front(), 1, now);
  for (const size_t i : candidates) bound = std::min(bound, LoadOf(i, 1, now));
  Candidates least;
  for (const size_t i : candidates) {
    if (LoadOf(i, 0, now) < bound) least.push_back(i);
  }
  return least;
}

size_t Pool::ByHash(const Candidates& candidates, uint64_t key, base::TimePoint now) const {
  size_t best = candidates.front();
  double highest = -1;
  for (const size_t i : candidates) {
    // A number in (0, 1) that is the server's and the key's own, as good as drawn.
    const uint64_t bits = Mix(key ^ servers_[i]->hash) >> 11;
    const double drawn = (static_cast<double>(bits) + 0.5) * 0x1p-53;
    const double score = WeightOf(i, now) / -std::log(drawn);
    if (score <= highest) continue;
    highest = score;
    best = i;
  }
  return best;
}

// Two different ones, each by its weight; all if there are no more.
Pool::Candidates Pool::DrawTwo(const Candidates& candidates, base::TimePoint now) const {
  if (candidates.size() <= 2) return candidates;
  Candidates left = candidates;
  Candidates drawn;
  while (drawn.size() < 2) {
    double sum = 0;
    for (const size_t i : left) sum += WeightOf(i, now);
    double point = std::uniform_real_distribution(0.0, sum)(shared_->random);
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
