// Who a client is, and what a check of its credentials comes to.
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

/// Time by the calendar, as tokens have it. Handed in like all time.
using WallTime = std::chrono::sys_seconds;

struct Identity {
  std::string method;  ///< `basic`, `jwt`, `token`, `ticket` or `client_certificate`
  std::string user;    ///< may be empty; never a secret
  std::optional<WallTime> expires = std::nullopt;  ///< when the session ends at the latest
  std::map<std::string, std::string> claims = {};  ///< of a JWT, those that are plain values
  /// Likewise those that are lists: what of them is plain.
  std::map<std::string, std::vector<std::string>> claim_lists = {};
  std::optional<settings::Endpoint> server = std::nullopt;
  std::string token_digest =
      {};  ///< of a token without a user, so that its sessions can be counted

  /// Those of a claim of either kind; none if there is no such claim.
  std::vector<std::string> ValuesOf(const std::string& claim) const;

  /// Whom its sessions are counted for; empty: nobody. Not for the log.
  const std::string& account() const { return user.empty() ? token_digest : user; }
};

/// A certificate that was verified, as far as it matters who it is for.
struct ClientCertificate {
  /// Each with its type: `dns:`, `email:` and `uri:`, the alternative names; `cn:`, the common
  /// name, only if there is no alternative name of any kind (RFC 6125 section 6.4.4).
  std::vector<std::string> names;
};

/// What a check may look at. Refers to what the caller keeps.
struct Request {
  const http::RequestHead& head;
  const settings::Route& route;
  std::optional<base::IpAddress> address;
  std::optional<ClientCertificate> certificate;
  WallTime wall_time;
  base::TimePoint now;
};

struct Verdict {
  enum class Kind : uint8_t {
    kAbsent,       ///< no credentials of this kind
    kRefused,      ///< some, which are not good
    kUnavailable,  ///< what they are checked against cannot be asked
    kAccepted,
  };
  Kind kind = Kind::kAbsent;
  std::string detail = {};  ///< for the log: why not; holds no secret
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

/// A check that takes too long for an event loop. Owns what it needs; any thread.
struct HeavyCheck {
  std::function<Verdict()> run;
};

/// A check that takes the value of `key` from the method's store; nothing stands for no such key.
struct Lookup {
  std::string key;
  std::function<Verdict(const std::optional<std::string>& value)> take;
};

/// What a method says at once: the verdict, or what is still to be done for it.
using Answer = std::variant<Verdict, HeavyCheck, Lookup>;

struct CheckResult {
  Answer answer;
  /// Identifies the credential that was checked; unset if the request has none of this kind.
  std::optional<Digest> credential = std::nullopt;
};

}  // namespace sluice::auth
