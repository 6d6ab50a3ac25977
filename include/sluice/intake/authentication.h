// Checks a request's credentials with the methods of its route, one after the other.
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

/// What a worker has to check credentials with. Belongs to the worker's thread, except the
/// methods, which all workers share.
struct Authenticator {
  std::shared_ptr<auth::MethodSet> methods;
  /// For each method that looks tokens up.
  std::map<const auth::Method*, std::unique_ptr<redis::Client>> stores;
  net::BackgroundThread password_hashing;
};

/// One request's way through the methods. Destroying it cancels.
class Authentication {
 public:
  using Callback = std::function<void(const auth::Verdict&)>;

  /// What `attempt` refers to outlives it, and so do `authenticator` and `credentials`. `callback`
  /// is called once with the verdict of the first method that accepts; else, if one could not be
  /// asked, with that; else with a refusal; else with kAbsent. It may be called from inside Start,
  /// and may hand this object to DestroyLater.
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
  auth::Verdict total_;  // Of the methods so far.
  // For what is posted: it may come after the end of this.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace sluice::intake
