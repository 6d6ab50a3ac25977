// The way to the server of a request, and what becomes of the request.
#include <chrono>
#include <string>
#include <utility>

#include "sluice/relay/client_request.h"
#include "sluice/routing/target.h"

#include "backend_dial.h"

namespace sluice::relay {

/// For the route's backend, within `timeout`.
net::DialOptions ClientRequest::OptionsToDial(const config::Endpoint& server,
                                              base::Duration timeout) {
  net::DialOptions options{.timeout = timeout,
                           .socket_buffer = generation_->config.limits.socket_buffer,
                           .preamble = ProxyPreamble()};
  if (backend().target) {
    options.may_dial = [&target = *backend().target, &server](const net::Address& address) {
      const auto ip = address.ip();
      return ip && routing::MayConnect(target, server, *ip);
    };
  }
  if (const auto& tls = generation_->backend_tls[*route().backend]) {
    options.tls = tls->Get();
    options.tls_buffers = &context_.tls_buffers;
  }
  return options;
}

void ClientRequest::Dial(base::Duration timeout) {
  dial_started_ = std::chrono::steady_clock::now();
  dial_ = std::make_unique<BackendDial>(
      context_, *generation_, generation_->Dialable(*server_), OptionsToDial(*server_, timeout),
      backend().websocket, route().options,
      [this](net::Dial::Outcome outcome) { OnDialled(std::move(outcome)); });
}

/// To notice a client that leaves, whose place somebody else can have. Early frames of a client
/// that has sent some are for the backend, and so is the end of one of plain TCP, which may wait
/// for an answer; they and what follows wait. But who has reset the connection waits for nothing.
void ClientRequest::ReadWhileDialing() {
  if (is_raw() || !early_.empty()) {
    if (client_->IsReset()) OnClientLeft();
    return;
  }
  if (!client_->readable()) return;
  const auto buffer = context_.scratch.first(kReadSize);
  const net::IoResult got = client_->Read(buffer);
  if (got.status == net::IoResult::Status::kWouldBlock) return;
  if (got.status == net::IoResult::Status::kOk) {
    early_.assign(buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(got.bytes));
  } else {
    OnClientLeft();
  }
}

void ClientRequest::OnClientLeft() {
  context_.log.Write(base::LogLevel::kInfo, "client_left",
                     {{"connection", id_.ToString()},
                      {"client", address_.ToString()},
                      {"route", route().name},
                      {"backend", backend().name}});
  Finish();
}

void ClientRequest::OnDialled(net::Dial::Outcome outcome) {
  // The dial is still on the stack.
  context_.loop.DestroyLater(std::move(dial_));
  metrics::ServerMetrics& metrics =
      generation_->metrics
          .servers[generation_->pools->IdOf(*route().backend, server_slot_.server())];
  if (outcome) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - dial_started_;
    metrics.dials_succeeded.Add();
    metrics.dial_duration.Observe(took.count());
    if (server_slot_.OnConnected(net::EventLoop::Now())) {
      context_.log.Write(base::LogLevel::kInfo, "server_returned",
                         {{"backend", backend().name}, {"server", server_->ToString()}});
    }
    BecomeSession(*std::move(outcome), std::nullopt);
    return;
  }
  const net::DialFailure& failure = outcome.error();
  metrics.dials_failed[static_cast<size_t>(failure.cause)].Add();
  if (failure.cause == base::Cause::kLocalResources) {
    context_.resource_log.Write(context_.log, net::EventLoop::Now(), failure.detail);
  } else if (const auto omitted = context_.dial_log_limit.Admit(net::EventLoop::Now())) {
    context_.log.Write(base::LogLevel::kWarn, "dial_failed",
                       {{"connection", id_.ToString()},
                        {"client", address_.ToString()},
                        {"route", route().name},
                        {"server", server_->ToString()},
                        {"reason", base::ReasonOf(failure.cause)},
                        {"detail", failure.detail},
                        {"omitted", *omitted}});
  }
  OnServerFailed(failure);
}

// As the route says, by a Close, which a page can read, or by a status.
void ClientRequest::TellFailure(base::Cause cause) {
  const bool is_refusal = base::InfoOf(cause).close_code == 0;
  if (is_refusal || route().options.on_dial_failure == config::OnDialFailure::kHttp) {
    // What a dial says has addresses that are nobody's business outside.
    Refuse({cause, std::string(base::InfoOf(cause).description)});
  } else {
    BecomeSession(nullptr, cause);
  }
}

}  // namespace sluice::relay
