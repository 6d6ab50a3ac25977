// Checks the conditions of a route. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sluice/routing/request_facts.h"
#include "sluice/settings/route.h"

namespace sluice::routing {

/// The conditions of a route, in the order in which they are checked.
enum class Condition : uint8_t {
  kListener,
  kClient,
  kSni,
  kCertificate,
  kHost,
  kPath,
  kUpgrade,
  kSubprotocol,
  kHeader,
  kQuery,
  kClaim,
};

/// A condition that does not hold.
struct Mismatch {
  Condition condition;
  std::string_view name = {};  ///< of the header, parameter or claim; a view of the configuration

  bool operator==(const Mismatch&) const = default;
};

/// Returns the first condition of `match` that does not hold, apart from claims; unset if all hold.
std::optional<Mismatch> FindMismatch(const settings::Match& match, const RequestFacts& facts);

inline bool Matches(const settings::Match& match, const RequestFacts& facts) {
  return !FindMismatch(match, facts);
}

/// Returns the values of the claim of that name in a verified token; empty if there is no such
/// claim.
using ClaimValues = std::function<std::vector<std::string>(std::string_view name)>;

/// Returns the first claim of `match` that does not hold; unset if all hold.
std::optional<Mismatch> FindMissingClaim(const settings::Match& match, const ClaimValues& claims);

/// Names and values.
using Captures = std::vector<std::pair<std::string, std::string>>;

/// Returns what the patterns of `match` capture from the normalized host and the path of a request,
/// which must match.
Captures CapturesOf(const settings::Match& match, std::string_view host, std::string_view path);

}  // namespace sluice::routing
