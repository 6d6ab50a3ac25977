#include "sluice/relay/worker_context.h"

#include "sluice/relay/client_request.h"
#include "sluice/relay/session.h"
#include "sluice/websocket/frame.h"

#include "websocket_stream.h"

namespace sluice::relay {
namespace {

constexpr base::Duration kRefusalLogInterval{1'000};
constexpr uint32_t kRefusalLogBurst = 10;

/// Of refusals that only come in floods, one line a second says it all. The others may be the
/// attempts of somebody who reads the log meanwhile.
base::LogLimit LogLimitOf(const base::CauseInfo& info) {
  const bool is_limit = info.http_status == 429 || info.http_status == 503;
  return base::LogLimit(kRefusalLogInterval, is_limit ? 1 : kRefusalLogBurst);
}

std::vector<base::LogLimit> RefusalLogLimits() {
  std::vector<base::LogLimit> limits;
  for (const base::CauseInfo& info : base::AllCauses()) limits.push_back(LogLimitOf(info));
  return limits;
}

}  // namespace

WorkerContext::WorkerContext(net::EventLoop& event_loop, Admission& shared_admission,
                             const MemoryBudget& shared_memory, std::string_view page,
                             base::Log& logger, uint64_t seed)
    : loop(event_loop),
      admission(shared_admission),
      memory(shared_memory),
      console_page(page),
      log(logger),
      ids(seed),
      random(static_cast<std::minstd_rand::result_type>(seed)),
      dial_log_limit(kRefusalLogInterval, kRefusalLogBurst),
      refusal_log_limits(RefusalLogLimits()),
      websocket_buffers(std::make_unique<WebSocketBuffers>()),
      scratch_storage_(std::make_unique_for_overwrite<Scratch>()) {
  scratch = scratch_storage_->payload;
  output = scratch_storage_->output;
}

WorkerContext::~WorkerContext() = default;

base::MutableBytes WorkerContext::ScratchFrame(size_t size) const {
  static_assert(websocket::kMaxServerHeader <= sizeof(Scratch::head_room));
  return {scratch.data() - websocket::kMaxServerHeader, websocket::kMaxServerHeader + size};
}

void WorkerContext::Drain(std::function<void()> done) {
  draining = true;
  drained_ = std::move(done);
  requests.ForEach([](ClientRequest& request) { request.Drain(); });
  sessions.ForEach([](Session& session) { session.Close(base::Cause::kDrain); });
  CheckDrained();
}

void WorkerContext::Cut() {
  requests.ForEach([](ClientRequest& request) { request.Cut(); });
  sessions.ForEach([](Session& session) { session.Cut(); });
}

void WorkerContext::Release(ClientRequest& request) {
  loop.DestroyLater(requests.Take(request));
  CheckDrained();
}

void WorkerContext::Release(Session& session) {
  loop.DestroyLater(sessions.Take(session));
  CheckDrained();
}

void WorkerContext::CheckDrained() {
  if (!drained_ || !requests.empty() || !sessions.empty()) return;
  std::exchange(drained_, nullptr)();
}

double WorkerContext::Jitter() {
  return std::uniform_real_distribution(0.9, 1.1)(random);
}

}  // namespace sluice::relay
