// Servers that requests name, within bounds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/ip.h"

namespace sluice::settings {

/// A text with places for what a request brings: `{server}:5432`.
struct Template {
  enum class Source : uint8_t {
    kLiteral,
    kCapture,  ///< `{name}`, of the route's host or path
    kQuery,    ///< `{query.name}`
    kClaim,    ///< `{claim.name}`, of the client's token
  };
  struct Part {
    Source source;
    std::string text;  ///< the literal, or the name

    bool operator==(const Part&) const = default;
  };
  std::string text;  ///< as it is in the file
  std::vector<Part> parts;
};

/// One thing that a dynamic target may be.
struct AllowRule {
  std::optional<base::IpRange> range;  ///< of addresses
  std::string host;  ///< else: a name in lower case, `*.` and a name, or `*`, at public addresses
  uint16_t first_port = 1;
  uint16_t last_port = 65535;
};

/// A server that the request names, within bounds.
struct DynamicTarget {
  Template server;
  std::vector<AllowRule> allow;  ///< nothing else can be reached
  /// Ranges allow every name to be looked up; else a name needs a rule with a name.
  bool resolves_any = false;
};

}  // namespace sluice::settings
