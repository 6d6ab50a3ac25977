// Checks the credentials of a request with the methods of its route, one after the other.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sluice/auth/credential_count.h"
#include "sluice/auth/method_set.h"
#include "sluice/net/background_thread.h"
#include "sluice/net/event_loop.h"
#include "sluice/redis/client.h"

namespace sluice::intake {

/// Everything that a worker needs to check credentials. Belongs to the worker's thread; all workers
/// share the methods.
struct Authenticator {
  std::shared_ptr<auth::MethodSet> methods;
  /// A client for each method that looks tokens up in Redis.
  std::map<const auth::Method*, std::unique_ptr<redis::Client>> stores;
  net::BackgroundThread password_hashing;
};

/// The check of one request's credentials. Destroying it cancels the check.
class Authentication {
 public:
  using Callback = std::function<void(const auth::Verdict&)>;

  /// The objects that `attempt` refers to, `authenticator` and `credentials` outlive the check.
  /// `callback` is called once, possibly from inside Start, with the first of these verdicts that a
  /// method gave: kAccepted, kUnavailable, kRefused, kAbsent. It may pass this object to
  /// DestroyLater.
  Authentication(net::EventLoop& loop, Authenticator& authenticator,
                 auth::CredentialCount& credentials, const auth::Attempt& attempt,
                 const std::vector<const auth::Method*>& methods, Callback callback);
  ~Authentication();

  void Start() { Continue(); }

 private:
  void Continue();
  using Credential = std::optional<auth::Digest>;

  void AddVerdict(const auth::Method& method, const Credential& credential, auth::Verdict verdict);
  void RunHeavy(const auth::Method& method, const Credential& credential,
                const auth::HeavyCheck& check);
  void LookUp(const auth::Method& method, const Credential& credential, const auth::Lookup& lookup);
  void Resume(const auth::Method& method, const Credential& credential, auth::Verdict verdict);

  net::EventLoop& loop_;
  Authenticator& authenticator_;
  auth::CredentialCount& credentials_;
  const auth::Attempt attempt_;
  const std::vector<const auth::Method*>& methods_;
  Callback callback_;
  size_t next_ = 0;
  auth::Verdict total_;  // The combined verdict of the methods so far.
  // Posted functions may run after this object is destroyed, and check this first.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sluice::intake
