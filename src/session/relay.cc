#include "sluice/session/relay.h"

#include <functional>
#include <memory>
#include <utility>

#include "session/rate_limit.h"

namespace sluice::session {
namespace {

std::unique_ptr<RateLimit> LimitOf(net::EventLoop& loop, uint64_t bytes_per_second,
                                   std::function<void()> on_room) {
  if (bytes_per_second == 0) return nullptr;
  return std::make_unique<RateLimit>(loop, bytes_per_second, std::move(on_room));
}

}  // namespace

Relay::Relay(workspace::Workspace& workspace, RelayHandler& handler, metrics::RouteMetrics& metrics,
             const settings::SessionOptions& options, Legs legs)
    : workspace_(workspace),
      handler_(handler),
      legs_(std::move(legs)),
      to_backend_(metrics.in(metrics::Direction::kToBackend),
                  LimitOf(workspace.loop, options.bandwidth.to_backend,
                          [this] {
                            to_backend_.ResumeAtRate();
                            handler_.OnStreamReady();
                          })),
      to_client_(metrics.in(metrics::Direction::kToClient),
                 LimitOf(workspace.loop, options.bandwidth.to_client,
                         [this] {
                           to_client_.ResumeAtRate();
                           handler_.OnStreamReady();
                         })),
      last_payload_(net::EventLoop::Now()) {
  legs_.SetHandler(handler);
  if (!legs_.backend) to_client_.Enter(Direction::State::kEnded);
}

void Relay::Run() {
  Flush();
  RunToBackend();
  RunToClient();
  Flush();
  ReportQueued();
}

void Relay::Flush() {
  const auto& [client, backend] = legs_;
  if (backend && to_backend_.CanFlush(*backend)) {
    handler_.OnBackendOutput(to_backend_.Flush(*backend));
  }
  if (client && to_client_.CanFlush(*client)) {
    handler_.OnClientOutput(to_client_.Flush(*client));
  }
}

void Relay::RunToBackend() {
  const auto& [client, backend] = legs_;
  if (!client) return;
  const uint64_t before = to_backend_.bytes();
  size_t budget = kTurnBudget;
  while (to_backend_.CanTransfer(*client)) {
    const Direction::Event event = to_backend_.Transfer(workspace_, *client, backend.get(), budget);
    if (!event) break;
    handler_.OnBackendOutput(event.output);
    handler_.OnClientInput(event.input);
  }
  AfterRun(to_backend_, to_client_, before);
}

void Relay::RunToClient() {
  const auto& [client, backend] = legs_;
  if (!backend) return;
  const uint64_t before = to_client_.bytes();
  size_t budget = kTurnBudget;
  while (to_client_.CanTransfer(*backend)) {
    const Direction::Event event = to_client_.Transfer(workspace_, *backend, client.get(), budget);
    if (!event) break;
    handler_.OnClientOutput(event.output);
    handler_.OnBackendInput(event.input);
  }
  AfterRun(to_client_, to_backend_, before);
}

void Relay::AfterRun(const Direction& direction, Direction& opposite, uint64_t bytes_before) {
  if (direction.bytes() != bytes_before) {
    last_payload_ = net::EventLoop::Now();
    opposite.StopSplicing();
  }
  if (direction.has_used_up_turn()) workspace_.loop.RunNextTurn(*this);
}

void Relay::RunTask() {
  to_backend_.ResumeInNewTurn();
  to_client_.ResumeInNewTurn();
  handler_.OnStreamReady();
}

void Relay::ReportQueued() {
  const auto& [client, backend] = legs_;
  to_backend_.ReportQueued(workspace_, (backend ? backend->queued() + backend->held().output : 0) +
                                           (client ? client->held().input : 0));
  to_client_.ReportQueued(workspace_, (client ? client->queued() + client->held().output : 0) +
                                          (backend ? backend->held().input : 0));
}

void Relay::StopWaitingForBackend() {
  if (!to_backend_.is_paused()) return;
  to_backend_.ResumeWithoutSink();
  workspace_.loop.RunNextTurn(*this);
}

void Relay::Discard() {
  // A direction that was paused may have no other event.
  if (to_backend_.is_paused() || to_client_.is_paused()) workspace_.loop.RunNextTurn(*this);
  to_backend_.Enter(Direction::State::kDiscarding);
  to_client_.Enter(Direction::State::kDiscarding);
}

}  // namespace sluice::session
