// The servers of a backend as one configuration has them, and the choice among them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/routing/pools.h"
#include "sluice/settings/backend.h"

namespace sluice::routing {

/// The state of one server, which all configurations share.
struct PoolServer {
  explicit PoolServer(const std::string& address);

  bool HasPlace() const { return max_sessions == 0 || sessions < max_sessions; }

  const uint64_t hash;      // Of the address.
  size_t max_sessions = 0;  // Of the configuration in use; zero: any number.
  size_t sessions = 0;      // Including dials.
  size_t dials = 0;
  base::TimePoint dialled_at;  // The start of the first of those dials.
  bool is_down = false;        // By an active check.
  uint32_t failures = 0;       // Failed dials in a row.
  uint32_t in_a_row = 0;       // Ejections since the last dial that succeeded.
  uint64_t ejections = 0;
  base::TimePoint ejected_until;
  std::optional<base::TimePoint> back_since;
  double credit = 0;  // The sessions that the server is owed; see pool_servers.cc.
};

/// The servers of all configurations, by address.
using KnownServers = std::map<std::string, std::weak_ptr<PoolServer>>;

/// Belongs to a pool, whose lock guards the servers: every function that reads or changes their
/// state needs it, and the constructor as well. Servers are given by index.
class PoolServers {
 public:
  /// Finds the servers of `backend` in `known`, and adds those that are new. `backend` and `random`
  /// outlive this object.
  PoolServers(const settings::Backend& backend, KnownServers& known, std::minstd_rand& random);

  size_t size() const { return servers_.size(); }
  PoolServer& operator[](size_t i) const { return *servers_[i]; }
  /// Returns the index of a server; unset if this configuration does not have it.
  std::optional<size_t> IndexOf(const PoolServer& server) const;

  /// Chooses a server for a session that starts to dial at `now`.
  std::optional<size_t> Pick(const Criteria& criteria, base::TimePoint now) const;
  /// Returns why Pick has chosen none.
  NoServer WhyNone(const Criteria& criteria) const;
  /// Returns the number of servers to try if server `i` fails.
  size_t CountOthers(size_t i, const Criteria& criteria) const;

  /// Returns true if so many dials to the server have failed that the next one is only a trial.
  bool IsSuspect(size_t i) const;
  bool IsUp(size_t i) const { return !servers_[i]->is_down && !IsSuspect(i); }
  /// Returns true if the server came back a short time ago, so that its weight still grows.
  bool IsStarting(size_t i, base::TimePoint now) const;

 private:
  using Candidates = std::vector<size_t>;

  bool IsUsable(size_t i, base::TimePoint now, bool is_last_resort) const;
  Candidates BestTier(const Criteria& criteria, base::TimePoint now) const;
  size_t ByTurn(const Candidates& candidates, const Candidates& among, base::TimePoint now) const;
  size_t ByHash(const Candidates& candidates, uint64_t key, base::TimePoint now) const;
  Candidates LeastLoaded(const Candidates& candidates, base::TimePoint now) const;
  Candidates DrawTwo(const Candidates& candidates, base::TimePoint now) const;
  double WeightOf(size_t i, base::TimePoint now) const;
  double LoadOf(size_t i, size_t more, base::TimePoint now) const;

  const settings::Backend& config_;
  std::minstd_rand& random_;
  std::vector<std::shared_ptr<PoolServer>> servers_;  // As in config_.
};

}  // namespace sluice::routing
