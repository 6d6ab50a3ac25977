// What one run is to do, as the runner asked for it, and what all its sessions share.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include "load/ring.h"
#include "load/transport.h"

namespace sluice::bench {

/// kMixed: the first session does kPing, the others do kToClient and kToBackend in turn.
enum class WorkKind : uint8_t { kToClient, kToBackend, kEcho, kPing, kConnect, kIdle, kMixed };

struct Request {
  WorkKind kind = WorkKind::kPing;
  bool websocket = true;
  bool tls = false;
  std::string host;  // For the header Host, with its port.
  std::string path;
  Endpoint endpoint;
  size_t sessions = 1;
  size_t message = 0;
  size_t bulk_message = 0;  // The same for the bulk sessions of kMixed.
  size_t pipeline = 1;
  size_t rate = 0;  // Messages of kPing a second, over all sessions; 0: each when the last is back.
  double seconds = 0;
  double warmup = 0;
  std::vector<pid_t> cpu_of;
  std::string subprotocol;
  int socket_buffer = 0;
};

/// Throws std::exception for what is no request.
Request ParseRequest(const std::string& line);

/// Written by one thread, read by any.
class Counter {
 public:
  void Add(uint64_t count) { value_.store(value() + count, std::memory_order_relaxed); }
  uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<uint64_t> value_{0};
};

/// What a session is heard of by those who run it.
class Reporter {
 public:
  virtual ~Reporter() = default;

  /// The first payload has arrived.
  virtual void OnFlowing() = 0;

  virtual void OnFailed(const std::string& error) = 0;
};

/// A session that has not moved for so long is an error.
constexpr int64_t kStallNs = 10'000'000'000;

/// The most that is given to the kernel in one step of a session.
constexpr size_t kSendChunk = size_t{256} * 1024;

struct Work {
  Request request;
  Ring stream;           // What the backend streams.
  Traffic traffic;       // What the clients send.
  Traffic bulk_traffic;  // The same for the bulk sessions of kMixed.

  /// What a session does. The client of a kMixed session sends this as its first byte, since the
  /// backend does not know which session it has accepted.
  WorkKind KindOf(size_t session) const {
    if (request.kind != WorkKind::kMixed) return request.kind;
    if (session == 0) return WorkKind::kPing;
    return session % 2 == 1 ? WorkKind::kToClient : WorkKind::kToBackend;
  }

  const Traffic& TrafficOf(WorkKind kind) const {
    const bool is_bulk = request.kind == WorkKind::kMixed && kind == WorkKind::kToBackend;
    return is_bulk ? bulk_traffic : traffic;
  }
};

}  // namespace sluice::bench
