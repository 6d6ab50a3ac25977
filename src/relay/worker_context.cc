#include "sluice/relay/worker_context.h"

#include <algorithm>
#include <utility>

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

void WorkerContext::Add(std::unique_ptr<ClientRequest> request) {
  ClientRequest& added = requests.Add(std::move(request));
  NoteConnections();
  added.Start();
}

void WorkerContext::NoteConnections() {
  connections_.store(requests.size() + sessions.size(), std::memory_order_relaxed);
}

void WorkerContext::Use(std::shared_ptr<Generation> next) {
  if (generation) next->resolver->TakeCacheOf(*generation->resolver);
  generation = std::move(next);
  sessions.ForEach([this](Session& session) {
    if (const auto cause = WhyOver(session.generation(), session.route())) session.Close(*cause);
  });
}

std::optional<base::Cause> WorkerContext::WhyOver(const Generation& of_session,
                                                  size_t route) const {
  if (draining) return base::Cause::kDrain;
  if (&of_session == generation.get() ||
      of_session.config.routes[route].options.on_removal == config::OnRemoval::kKeep) {
    return std::nullopt;
  }
  // Routes of the same name have the same counts.
  const auto& routes = generation->admission;
  const bool is_there =
      std::find(routes.begin(), routes.end(), of_session.admission[route]) != routes.end();
  return is_there ? std::nullopt : std::optional(base::Cause::kRouteRemoved);
}

void WorkerContext::Drain(base::Duration window, std::function<void()> done) {
  draining = true;
  requests.ForEach([](ClientRequest& request) { request.Drain(); });
  const base::TimePoint now = net::EventLoop::Now();
  std::uniform_int_distribution<base::Duration::rep> delay(0, window.count());
  sessions.ForEach([&](Session& session) {
    if (window.count() == 0) {
      session.Close(base::Cause::kDrain);
    } else {
      session.CloseAt(now + base::Duration(delay(random)), base::Cause::kDrain);
    }
  });
  AwaitEnd(std::move(done));
}

void WorkerContext::AwaitEnd(std::function<void()> done) {
  drained_ = std::move(done);
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
  NoteConnections();
  if (!drained_ || !requests.empty() || !sessions.empty()) return;
  std::exchange(drained_, nullptr)();
}

double WorkerContext::Jitter() {
  return std::uniform_real_distribution(0.9, 1.1)(random);
}

}  // namespace sluice::relay
