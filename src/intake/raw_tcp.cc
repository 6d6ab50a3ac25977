#include "intake/raw_tcp.h"

#include <utility>

#include "sluice/leg/raw_leg.h"

#include "intake/refusals.h"

namespace sluice::intake {

void RawTcp::Start(base::Bytes received) {
  Context& context = connection_.context();
  if (refuses_plain_text_) {
    context.refusal_log.CountAndLog(
        context.workspace.log, {*connection_.generation(), connection_.client()}, PlainTextOnTls());
    connection_.Abort();
    return;
  }
  early_.assign(received.begin(), received.end());
  request_ =
      std::make_unique<Request>(context, static_cast<Responder&>(*this),
                                Request::Origin{.generation = connection_.generation(),
                                                .client = connection_.client(),
                                                .head = nullptr,
                                                .is_rate_counted = connection_.is_rate_counted(),
                                                .deadline = connection_.deadline()});
  request_->Start();
}

/// Detects a client that has reset the connection. The end of the client's direction does not show
/// that it has left: it may be the end of its data.
void RawTcp::WatchClient() {
  if (connection_.stream().IsReset()) request_->OnClientLeft();
}

void RawTcp::OnStreamReady() {
  if (request_ && request_->state() == RequestState::kSearching) WatchClient();
}

void RawTcp::Drain() {
  if (request_) request_->Drain();
}

void RawTcp::Stop() {
  if (request_) request_->Cancel();
}

void RawTcp::StartSession(session::Session::Parts parts, Agreement /*agreement*/,
                          std::optional<base::Cause> cause) {
  // The kernel's probes take the place of pings, which plain TCP does not have.
  parts.legs.client = std::make_unique<leg::RawLeg>(
      connection_.context().workspace, connection_.ReleaseStream(),
      parts.route->settings.options.keepalive.backend_timeout, early_);
  connection_.BecomeSession(std::move(parts)).Start(cause);
}

}  // namespace sluice::intake
