// The checks of one request's credentials, by the `auth` of one route or, if routes have claims, of
// several routes.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

#include "sluice/auth/credential_count.h"
#include "sluice/auth/identity.h"
#include "sluice/http/request.h"
#include "sluice/intake/authentication.h"
#include "sluice/intake/client.h"
#include "sluice/intake/generation.h"
#include "sluice/intake/refusal_log.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/stream.h"

namespace sluice::intake {

/// Belongs to a request. Routes are given by index.
class CredentialChecks {
 public:
  /// Everything outlives the checks. `client` is read at each check, `stream` for its certificate.
  CredentialChecks(net::EventLoop& loop, Generation& generation, const Client& client,
                   const http::RequestHead& head, const net::Stream& stream);
  ~CredentialChecks();

  /// Returns true if the route has `auth`.
  bool AreNeeded(size_t route) const;

  /// Begins the checks, unless they have begun; to be called before each one. Returns the refusal
  /// of a client whose credentials were refused too often before this request.
  std::optional<http::Refusal> Begin();

  /// Starts the check by a route. `callback` is called once, possibly before this returns.
  void Start(size_t route, Authentication::Callback callback);
  /// Cancels the check that Start has started. May be called by its callback.
  void Cancel();

  /// Returns the verdict of a route with claims, and counts it. All methods of such a route are
  /// `jwt`, which answer at once.
  auth::Verdict VerifyToken(size_t route);

  /// Counts the verdict of a route in the metrics.
  void CountVerdict(size_t route, auth::Verdict::Kind kind);

  /// Returns the refusal of a request that the route does not accept because of `verdict`.
  NotedRefusal RefusalOf(size_t route, const auth::Verdict& verdict) const;

 private:
  const std::vector<const auth::Method*>& MethodsOf(size_t route) const;
  auth::Attempt AttemptAt(size_t route) const;

  net::EventLoop& loop_;
  Generation& generation_;
  const Client& client_;
  const http::RequestHead& head_;
  const net::Stream& stream_;
  std::unique_ptr<auth::CredentialCount> count_;    // Null before Begin.
  std::unique_ptr<Authentication> authentication_;  // From Start to Cancel.
};

}  // namespace sluice::intake
