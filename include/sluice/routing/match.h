// Whether the conditions of a route hold. Pure.
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

/// In the order in which they are looked at.
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

/// The first condition of `match` that does not hold, claims left aside; nothing if all do.
std::optional<Mismatch> FindMismatch(const settings::Match& match, const RequestFacts& facts);

inline bool Matches(const settings::Match& match, const RequestFacts& facts) {
  return !FindMismatch(match, facts);
}

/// The values of the claim of that name in a verified token; none if it has no such claim.
using ClaimValues = std::function<std::vector<std::string>(std::string_view name)>;

/// The first claim that `match` asks for and that does not hold.
std::optional<Mismatch> FindMissingClaim(const settings::Match& match, const ClaimValues& claims);

/// Names and values.
using Captures = std::vector<std::pair<std::string, std::string>>;

/// What the patterns of `match` capture of a request, normalized host and path, that it matches.
Captures CapturesOf(const settings::Match& match, std::string_view host, std::string_view path);

}  // namespace sluice::routing
