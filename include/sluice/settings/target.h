// Servers that requests name, within bounds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sluice/base/ip.h"

namespace sluice::settings {

/// A text with placeholders for values of a request: `{server}:5432`.
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

/// One kind of allowed server of a dynamic target.
struct AllowRule {
  std::optional<base::IpRange> range;  ///< of addresses
  std::string host;  ///< or a name in lower case, `*.` and a name, or `*`, at public addresses
  uint16_t first_port = 1;
  uint16_t last_port = 65535;
};

/// A server that the request names, within bounds.
struct DynamicTarget {
  Template server;
  std::vector<AllowRule> allow;  ///< no other server can be reached
  /// With a range, every name may be looked up; otherwise a name needs a rule with a name.
  bool resolves_any = false;
};

}  // namespace sluice::settings
