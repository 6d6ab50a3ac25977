// The identity of a client, and the verdict on its credentials.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "sluice/auth/tokens.h"
#include "sluice/base/clock.h"
#include "sluice/base/ip.h"
#include "sluice/http/request.h"
#include "sluice/settings/endpoint.h"
#include "sluice/settings/route.h"

namespace sluice::auth {

/// Calendar time, as in tokens. The caller passes the current time.
using WallTime = std::chrono::sys_seconds;

/// The user that credentials stand for, and what the credentials say about them.
struct Identity {
  std::string method;  ///< `basic`, `jwt`, `token`, `ticket` or `client_certificate`
  std::string user;    ///< may be empty; never a secret
  std::optional<WallTime> expires = std::nullopt;  ///< when the session ends at the latest
  std::map<std::string, std::string> claims = {};  ///< the claims of a JWT that are plain values
  /// The claims of a JWT that are lists, without the elements that are not plain values.
  std::map<std::string, std::vector<std::string>> claim_lists = {};
  std::optional<settings::Endpoint> server = std::nullopt;
  std::string token_digest =
      {};  ///< of a token without a user, so that its sessions can be counted

  /// Returns the values of a claim, plain or list; empty if there is no such claim.
  std::vector<std::string> ValuesOf(const std::string& claim) const;

  /// Returns the key that the identity's sessions are counted by; empty: they are not counted. It
  /// must not be logged.
  const std::string& account() const { return user.empty() ? token_digest : user; }
};

/// The names in a verified client certificate.
struct ClientCertificate {
  /// Each with its type: `dns:`, `email:` and `uri:`, the alternative names; `cn:`, the common
  /// name, only if there is no alternative name of any kind (RFC 6125 section 6.4.4).
  std::vector<std::string> names;
};

/// One attempt to authenticate: the request with its credentials, and the time. The caller keeps
/// the head and the route.
struct Attempt {
  const http::RequestHead& head;
  const settings::Route& route;
  std::optional<base::IpAddress> address;
  std::optional<ClientCertificate> certificate;
  WallTime wall_time;
  base::TimePoint now;
};

/// The result of a check of credentials.
struct Verdict {
  enum class Kind : uint8_t {
    kAbsent,       ///< no credentials of this kind
    kRefused,      ///< the credentials are not valid
    kUnavailable,  ///< the credentials cannot be checked now: Redis or the hashing is not available
    kAccepted,
  };
  Kind kind = Kind::kAbsent;
  std::string detail = {};  ///< for the log: why not; contains no secret
  std::shared_ptr<const Identity> identity = nullptr;
  /// For the log: the user that refused credentials name; empty if there is none, or if the name
  /// may be a secret.
  std::string user = {};

  static Verdict Refused(std::string why, std::string user = {}) {
    return {Kind::kRefused, std::move(why), nullptr, std::move(user)};
  }
  static Verdict Unavailable(std::string why) { return {Kind::kUnavailable, std::move(why)}; }
  static Verdict Accepted(Identity identity) {
    return {Kind::kAccepted, {}, std::make_shared<const Identity>(std::move(identity))};
  }
};

/// A check that takes too long for an event loop. It owns its data and may run on any thread.
struct HeavyCheck {
  std::function<Verdict()> run;
};

/// A check that needs the value of `key` in the method's store; `judge` receives nullopt if the
/// store has no such key.
struct Lookup {
  std::string key;
  std::function<Verdict(const std::optional<std::string>& value)> judge;
};

/// The immediate answer of a method: the verdict, or the work that remains before it.
using Answer = std::variant<Verdict, HeavyCheck, Lookup>;

struct CheckResult {
  Answer answer;
  /// Identifies the credential that was checked; unset if the request has none of this kind.
  std::optional<Digest> credential = std::nullopt;
};

}  // namespace sluice::auth
