// Which server of a backend gets the next session, and what is known of the servers: how many
// sessions they have, whether they are up. Shared by all workers. It does no I/O and is told the
// time.
//
// A server is out of use for one of two reasons. It is *down* when an active check says so, and
// then nothing is dialled there. It is *ejected* when dials to it have failed several times in a
// row. That is a guess from what happened to others, so an ejected server is tried again: when its
// time is over, by one dial at a time, and at any time if no other server is up. Then a second
// request may join the first for a moment only: what does not answer at once is most likely dead,
// and nobody else is to wait in front of it.
//
// What a server is like outlives a reload of the configuration: it is kept by the names of the
// backend and the server, for as long as any configuration, session or request refers to it.
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

/// What a request asks of a backend.
struct Ask {
  std::optional<uint64_t> key = std::nullopt;  ///< where the backend hashes: BalanceKey()
  std::vector<size_t> tried = {};              ///< servers that are not to be picked
  base::TimePoint now;
};

/// Why there is no server.
enum class NoServer : uint8_t {
  kTried,  ///< those that are up have been tried
  kDown,   ///< none is up
  kFull,   ///< those that are up, and have not been tried, have no place
};

/// A place at a server, for a dial and then for the session, given back when it is destroyed. Any
/// thread. The Pools that it is of outlive it.
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
  /// Index into Config::backends[...].servers, of the configuration that it was taken with.
  size_t server() const { return index_; }

  /// The dial has succeeded. Whether the server was ejected, and is back by that.
  bool OnConnected(base::TimePoint now);
  /// It has failed, which is held against the server, and the place is given back. For how long the
  /// server is ejected, if this was one time too many.
  std::optional<base::Duration> OnFailed(base::TimePoint now);

 private:
  friend class Pool;
  ServerSlot(const Pool* pool, size_t index) : pool_(pool), index_(static_cast<uint32_t>(index)) {}
  void Release();

  const Pool* pool_ = nullptr;  // Null: no place.
  uint32_t index_ = 0;
  bool is_dialling_ = true;
};

/// A request in the queue of a backend; destroying it leaves the queue. Belongs to one thread.
class PlaceWaiter {
 public:
  ~PlaceWaiter();
  PlaceWaiter(const PlaceWaiter&) = delete;
  PlaceWaiter& operator=(const PlaceWaiter&) = delete;

  /// The place, if there is one by now.
  std::optional<ServerSlot> Take(base::TimePoint now);
  /// As Take(), but looks around, too: a server may be due to be tried again.
  std::optional<ServerSlot> Look(base::TimePoint now);
  /// Leaves the queue for having waited too long.
  void GiveUp();

 private:
  friend class Pool;
  PlaceWaiter(std::shared_ptr<const Pool> pool, Ask ask, std::function<void()> on_place);

  const std::shared_ptr<const Pool> pool_;
  const Ask ask_;
  const std::function<void()> on_place_;
  std::optional<ServerSlot> slot_;  // Guarded by the pool's lock, like what follows.
  bool is_queued_ = false;
};

/// What a server is like, for metrics and the status page.
struct ServerState {
  enum class Health : uint8_t { kUp, kStarting, kEjected, kDown };
  std::string address;
  uint32_t weight = 1;
  uint32_t tier = 1;
  size_t max_sessions = 0;
  Health health = Health::kUp;    ///< kStarting: up, and with a growing share of the sessions
  size_t sessions = 0;            ///< dials under way included
  size_t dials = 0;               ///< under way
  uint64_t ejections = 0;         ///< so far
  base::Duration ejected_for{0};  ///< from now on
};

/// How waiting in the queue ended.
enum class QueueEnd : uint8_t {
  kPlace,
  kTimeout,
  kFull,  ///< it did not begin: so many were waiting already
  kLeft,  ///< the client, or sluice
};
inline constexpr size_t kQueueEnds = static_cast<size_t>(QueueEnd::kLeft) + 1;

struct BackendState {
  std::string name;
  std::vector<ServerState> servers;
  size_t waiting = 0;
  size_t queue_size = 0;
  std::array<uint64_t, kQueueEnds> queue_ends = {};  ///< by QueueEnd
  base::Duration waited{0};                          ///< by all that got a place, together
};

/// The backends of one configuration. Thread-safe. Backends and servers are named by their indices
/// in it.
class Pools {
 public:
  /// `previous` are those of the configuration before, null if there was none. `seed` is for what
  /// is drawn.
  Pools(const settings::Config& config, const Pools* previous, uint64_t seed);
  ~Pools();
  Pools(const Pools&) = delete;
  Pools& operator=(const Pools&) = delete;

  struct Pick {
    ServerSlot slot;
    size_t others;  ///< servers that are left to be tried should this one fail
  };
  base::Result<Pick, NoServer> Take(size_t backend, const Ask& ask) const;
  /// Likewise, should that server fail.
  size_t Others(size_t backend, size_t server, const Ask& ask) const;

  /// Waits for a place when Take has found none; null if that is not possible. `on_place` is called
  /// when PlaceWaiter::Take has something, perhaps before this returns and from any thread: it only
  /// passes that on. It is never called once the waiter is destroyed.
  std::unique_ptr<PlaceWaiter> Wait(size_t backend, Ask ask, std::function<void()> on_place) const;

  /// Makes these the pools of the configuration in use: their `max_sessions` hold for the requests
  /// of earlier configurations, too, and requests that wait get the places that are new.
  void Activate() const;

  /// What an active check has found. True if that is news.
  bool SetHealth(size_t backend, size_t server, bool up, base::TimePoint now) const;

  /// The server's number among all servers of all backends, in the order of the file.
  size_t IdOf(size_t backend, size_t server) const { return first_ids_[backend] + server; }

  std::vector<BackendState> Describe(base::TimePoint now) const;

 private:
  std::vector<std::shared_ptr<Pool>> pools_;  // By backend.
  std::vector<size_t> first_ids_;
  /// By name, of configurations before this, too.
  std::map<std::string, std::weak_ptr<PoolShared>> known_;
};

}  // namespace sluice::routing
