// What a worker lends to its requests and sessions, whatever the configuration. One for each
// worker, used by its thread alone, but for what it says is of all workers, and the log.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/log.h"
#include "sluice/base/log_limit.h"
#include "sluice/base/session_id.h"
#include "sluice/metrics/worker_metrics.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/pipe.h"
#include "sluice/net/tls_stream.h"
#include "sluice/relay/admission.h"
#include "sluice/relay/generation.h"
#include "sluice/relay/memory_budget.h"
#include "sluice/relay/resource_log.h"
#include "sluice/relay/table.h"
#include "sluice/websocket/zlib_pool.h"

namespace sluice::relay {

class ClientRequest;
class Session;
class WebSocketBuffers;

/// Bytes that one direction may queue, and that one read takes at most: the size of the scratch
/// buffer's payload part.
inline constexpr size_t kQueueMark = 256 * 1024;

struct WorkerContext {
  WorkerContext(net::EventLoop& event_loop, Admission& shared_admission,
                const MemoryBudget& shared_memory, std::string_view page, base::Log& logger,
                uint64_t seed);
  ~WorkerContext();
  WorkerContext(const WorkerContext&) = delete;
  WorkerContext& operator=(const WorkerContext&) = delete;

  /// A factor of 0.9 to 1.1 for the times of pings.
  double Jitter();

  /// Takes a request in, and starts it.
  void Add(std::unique_ptr<ClientRequest> request);

  /// Requests and sessions, as of now. Any thread.
  size_t connections() const { return connections_.load(std::memory_order_relaxed); }

  /// Uses `next` for the connections that come from now on. It takes over the cache of DNS unless
  /// the settings of DNS have changed. Sessions of routes that were removed end if their route has
  /// `on_removal: close`.
  void Use(std::shared_ptr<Generation> next);

  /// Why a session of that route has to end at once; nothing if it may go on.
  std::optional<base::Cause> WhyOver(const Generation& of_session, size_t route) const;

  /// Begins to drain: every unfinished request is answered, and every session told at a random time
  /// within `window`. `done` is called when the last of them is gone.
  void Drain(base::Duration window, std::function<void()> done);

  /// Calls `done` when the last of them is gone, however long they take.
  void AwaitEnd(std::function<void()> done);

  /// Ends every connection at once.
  void Cut();

  /// Takes a request or session that is done with out of its table; it is destroyed in the next
  /// turn.
  void Release(ClientRequest& request);
  void Release(Session& session);

  net::EventLoop& loop;
  Admission& admission;        ///< of all workers
  const MemoryBudget& memory;  ///< likewise
  const std::string_view console_page;
  base::Log& log;
  base::SessionIdGenerator ids;
  std::minstd_rand random;
  bool draining = false;

  /// The configuration for those who come now; never null once there are listeners.
  std::shared_ptr<Generation> generation;

  /// A gauge: bytes that this worker's sessions hold for peers that are slow.
  metrics::Counter queued;

  /// For the log lines of failed dials.
  base::LogLimit dial_log_limit;
  /// For those of dials that failed for lack of local resources.
  ResourceLog resource_log;

  /// For the log lines of refusals, by cause.
  std::vector<base::LogLimit> refusal_log_limits;

  /// Shared by all TLS streams of the worker.
  net::TlsBuffers tls_buffers;

  /// Shared by all WebSockets to backends.
  const std::unique_ptr<WebSocketBuffers> websocket_buffers;

  /// Shared by all legs of the worker: whoever reads fills it, and is done with it before it
  /// returns to the loop. kQueueMark bytes.
  base::MutableBytes scratch;
  /// The first `size` bytes of it, and the room for a frame header that lies before them.
  base::MutableBytes ScratchFrame(size_t size) const;

  /// Shared likewise, for what is made of what was read where that needs room of its own.
  base::MutableBytes output;

  net::PipePool pipes;
  websocket::ZlibPool zlib;

  Table<ClientRequest> requests;
  Table<Session> sessions;

 private:
  void NoteConnections();
  void CheckDrained();

  // Half a page off. The kernel copies with `rep movsb`, which on many processors takes sixteen
  // times as long when the place it copies to lies less than 16 bytes behind the one it copies
  // from, modulo a page (docs/performance.md); and its own buffers begin at the start of a page.
  struct Scratch {
    alignas(4096) std::array<uint8_t, 2048> head_room;
    std::array<uint8_t, kQueueMark> payload;
    std::array<uint8_t, kQueueMark + 4096> output;  // A whole read and what goes with it.
  };

  const std::unique_ptr<Scratch> scratch_storage_;
  std::function<void()> drained_;
  std::atomic<size_t> connections_{0};
};

}  // namespace sluice::relay
