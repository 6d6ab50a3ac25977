// A request from its complete head to its outcome: a refusal, a page, or a session. The steps are
// route, authentication, admission, server, in this order. A connection of plain TCP has one
// request without a head.
//
// The request does not depend on the protocol of its connection: a Responder answers it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/auth/session_quota.h"
#include "sluice/backend/search.h"
#include "sluice/base/clock.h"
#include "sluice/http/request.h"
#include "sluice/intake/client.h"
#include "sluice/intake/context.h"
#include "sluice/intake/credential_checks.h"
#include "sluice/intake/generation.h"
#include "sluice/intake/refusal_log.h"
#include "sluice/intake/request_state.h"
#include "sluice/intake/responder.h"
#include "sluice/net/event_loop.h"

namespace sluice::intake {

/// Belongs to a responder's connection and the worker's thread. A responder that is called by the
/// request must not destroy it, but pass it to EventLoop::DestroyLater.
class Request final : private net::TimerHandler {
 public:
  struct Origin {
    std::shared_ptr<Generation> generation;
    Client client;                  ///< the client of the connection
    const http::RequestHead* head;  ///< null: plain TCP; outlives the request
    bool is_rate_counted;           ///< limits.handshake_rate has counted the connection
    base::TimePoint deadline;       ///< the latest end of the authentication
  };

  /// `context` and `responder` outlive the request.
  Request(Context& context, Responder& responder, Origin origin);
  ~Request();

  /// Starts to process the request. It may answer before this returns.
  void Start();

  /// Refuses the request if it only waits for a server, because the worker is draining. A dial that
  /// is under way may still become a session.
  void Drain();

  /// Ends the request, whose client has left before it was answered.
  void OnClientLeft();

  /// Ends the request without an answer, because the connection has ended.
  void Cancel() { Enter(RequestEvent::kAnswered); }

  RequestState state() const { return state_; }

 private:
  void OnTimer() override;

  // Routing.
  bool ApplyForwardedHeaders();
  bool RefuseIfOverRate();
  bool RefuseIfHostUnknown();
  void ChooseRoute();
  void ServePage();

  // Authentication.
  void Authenticate();
  void OnVerdict(const auth::Verdict& verdict);

  // Admission and the server.
  void Admit();
  bool AcquireQuota();
  std::optional<http::Refusal> ResolveNamedServer();
  void StartSearch();
  void OnSearched(base::Result<backend::Search::Found, base::Cause> result);
  void AnswerFailure(base::Cause cause);
  void StartSession(std::unique_ptr<leg::Leg> backend, routing::ServerSlot slot,
                    std::optional<base::Cause> cause);

  void Refuse(const http::Refusal& refusal, const RefusalNote& note = {});
  void Enter(RequestEvent event);

  const settings::Route& route() const { return generation_->config.routes[*route_]; }
  const settings::Backend& backend() const {
    return generation_->config.backends[*route().backend];
  }
  /// Returns the head, or an empty head for plain TCP.
  const http::RequestHead& head() const;
  RequestView View() const;

  Context& context_;
  Responder& responder_;
  const std::shared_ptr<Generation> generation_;
  Client client_;
  const http::RequestHead* const head_;  // Null: plain TCP.
  const base::TimePoint deadline_;
  bool is_rate_counted_;
  RequestState state_ = RequestState::kRouting;
  net::Timer timer_;  // While credentials are checked.

  std::optional<size_t> route_;
  CredentialChecks credential_checks_;
  std::shared_ptr<const auth::Identity> identity_;  // Null without authentication.

  auth::SessionQuota::Slot quota_slot_;
  // The server that the request or its credentials name; null: none.
  std::shared_ptr<const settings::Endpoint> named_server_;
  std::unique_ptr<backend::Search> search_;  // In kSearching.
};

}  // namespace sluice::intake
