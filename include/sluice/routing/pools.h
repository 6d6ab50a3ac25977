// Chooses the server of a backend for each session, and keeps the state of the servers: the number
// of their sessions, and their health. Shared by all workers. It does no I/O; the caller passes the
// time.
//
// A server is not used for one of two reasons. It is *down* if an active check has failed: then it
// is never dialled. It is *ejected* if dials to it have failed several times in a row. That is only
// a guess, so an ejected server is tried again: when its time is over, by one dial at a time, and
// at any time if no other server is up. In the latter case, other requests may join the first dial
// only for a moment: a server that does not answer at once is probably dead, and no more requests
// should wait for it.
//
// The state of a server outlives a reload of the configuration. It is kept by the names of the
// backend and the server, as long as any configuration, session or request refers to it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sluice/base/clock.h"
#include "sluice/base/result.h"
#include "sluice/settings/config.h"

namespace sluice::routing {

class Pool;
struct PoolServer;
struct PoolShared;

/// The input for the choice of a server.
struct Criteria {
  std::optional<uint64_t> key = std::nullopt;  ///< for a backend that hashes: BalanceKey()
  std::vector<size_t> tried = {};              ///< servers that must not be chosen
  base::TimePoint now;
};

/// Why there is no server.
enum class NoServer : uint8_t {
  kTried,  ///< all servers that are up have been tried
  kDown,   ///< no server is up
  kFull,   ///< the servers that are up and have not been tried have no free place
};

/// A place at a server, for a dial and then for the session. The destructor releases it. Any
/// thread. The Pools that it belongs to outlive it.
class ServerSlot {
 public:
  ServerSlot() = default;
  ServerSlot(ServerSlot&& other) noexcept
      : pool_(std::exchange(other.pool_, nullptr)),
        index_(other.index_),
        is_dialling_(other.is_dialling_) {}
  ServerSlot& operator=(ServerSlot&& other) noexcept;
  ~ServerSlot() { Release(); }

  explicit operator bool() const { return pool_ != nullptr; }
  /// Index into Config::backends[...].servers, of the configuration that it was acquired with.
  size_t server() const { return index_; }

  /// Counts a dial that has succeeded. Returns true if the server was ejected and is now up again.
  bool OnConnected(base::TimePoint now);
  /// Counts a dial that has failed, and releases the place. Returns the time for which the server
  /// is ejected, if this failure has ejected it.
  std::optional<base::Duration> OnFailed(base::TimePoint now);

 private:
  friend class Pool;
  ServerSlot(const Pool* pool, size_t index) : pool_(pool), index_(static_cast<uint32_t>(index)) {}
  void Release();

  const Pool* pool_ = nullptr;  // Null: no place.
  uint32_t index_ = 0;
  bool is_dialling_ = true;
};

/// A request in the queue of a backend. Destroying it leaves the queue. Belongs to one thread.
class PlaceWaiter {
 public:
  ~PlaceWaiter();
  PlaceWaiter(const PlaceWaiter&) = delete;
  PlaceWaiter& operator=(const PlaceWaiter&) = delete;

  /// Returns the place that was assigned; unset if there is none yet.
  std::optional<ServerSlot> Acquire(base::TimePoint now);
  /// Returns the place that was assigned, or a place at an ejected server that is due for a trial.
  std::optional<ServerSlot> Retry(base::TimePoint now);
  /// Leaves the queue, and counts the wait as too long.
  void GiveUp();

 private:
  friend class Pool;
  PlaceWaiter(std::shared_ptr<const Pool> pool, Criteria criteria, std::function<void()> on_place);

  const std::shared_ptr<const Pool> pool_;
  const Criteria criteria_;
  const std::function<void()> on_place_;
  std::optional<ServerSlot> slot_;  // Guarded by the pool's lock, like is_queued_.
  bool is_queued_ = false;
};

/// The state of a server, for metrics and the status page.
struct ServerState {
  enum class Health : uint8_t { kUp, kStarting, kEjected, kDown };
  std::string address;
  uint32_t weight = 1;
  uint32_t tier = 1;
  size_t max_sessions = 0;
  Health health = Health::kUp;    ///< kStarting: up, with a growing share of the sessions
  size_t sessions = 0;            ///< dials under way included
  size_t dials = 0;               ///< under way
  uint64_t ejections = 0;         ///< so far
  base::Duration ejected_for{0};  ///< from now on
};

/// How waiting in the queue ended.
enum class QueueEnd : uint8_t {
  kPlace,
  kTimeout,
  kFull,  ///< the queue was full, so the wait did not begin
  kLeft,  ///< the client left, or sluice is draining
};
inline constexpr size_t kQueueEnds = static_cast<size_t>(QueueEnd::kLeft) + 1;

struct BackendState {
  std::string name;
  std::vector<ServerState> servers;
  size_t waiting = 0;
  size_t queue_size = 0;
  std::array<uint64_t, kQueueEnds> queue_ends = {};  ///< by QueueEnd
  base::Duration waited{0};  ///< the total wait of all requests that got a place
};

/// The backends of one configuration. Thread-safe. Backends and servers are given by index.
class Pools {
 public:
  /// `previous` are the pools of the previous configuration; null if there is none. `seed` is for
  /// random choices.
  Pools(const settings::Config& config, const Pools* previous, uint64_t seed);
  ~Pools();
  Pools(const Pools&) = delete;
  Pools& operator=(const Pools&) = delete;

  struct Pick {
    ServerSlot slot;
    size_t others;  ///< the number of servers to try if this one fails
  };
  /// Chooses a server and acquires a place at it.
  base::Result<Pick, NoServer> Acquire(size_t backend, const Criteria& criteria) const;
  /// Returns the number of servers to try if `server` fails.
  size_t CountOthers(size_t backend, size_t server, const Criteria& criteria) const;

  /// Joins the queue of the backend after Acquire has found no place. Returns null if there is no
  /// queue, or if it is full. `on_place` is called when PlaceWaiter::Acquire returns a place,
  /// possibly before this function returns and from any thread, so it should only post to a loop.
  /// It is never called after the waiter is destroyed.
  std::unique_ptr<PlaceWaiter> Wait(size_t backend, Criteria criteria,
                                    std::function<void()> on_place) const;

  /// Makes these the pools of the configuration in use. Their `max_sessions` also apply to requests
  /// of earlier configurations, and waiting requests get the additional places.
  void Activate() const;

  /// Sets the result of an active check. Returns true if it has changed.
  bool SetHealth(size_t backend, size_t server, bool up, base::TimePoint now) const;

  /// Returns the server's number among all servers of all backends, in the order of the file.
  size_t IdOf(size_t backend, size_t server) const { return first_ids_[backend] + server; }

  std::vector<BackendState> Describe(base::TimePoint now) const;

 private:
  std::vector<std::shared_ptr<Pool>> pools_;  // By backend.
  std::vector<size_t> first_ids_;
  /// By name; includes backends of earlier configurations.
  std::map<std::string, std::weak_ptr<PoolShared>> known_;
};

}  // namespace sluice::routing
