// The head of a client's request as the rest of sluice sees it, and how a refusal of one is told.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/cause.h"

namespace sluice::http {

/// A header field as the client sent it: the name in the client's case, the value without the
/// whitespace at its ends. The value may hold tabs and bytes above 127, never other control bytes.
struct Header {
  std::string name;
  std::string value;

  bool operator==(const Header&) const = default;
};

/// A plain value that owns its text. Names of header fields are found whatever their case.
struct RequestHead {
  std::string method;  ///< GET or HEAD
  std::string target;  ///< the request target as it came, all visible ASCII
  /// Percent-decoded, begins with '/'. `%2F` (and `%2f`) stays as it is, so that a '/' here is one
  /// that the client wrote as such. Escaped control characters were refused; what bytes above 127
  /// spell need not be UTF-8, and dot segments are left alone.
  std::string path;
  std::string query;  ///< without '?', not decoded; may be a secret: never log it
  /// host[:port] of the Host field or, if the target is in absolute form, of the target, which wins
  /// (RFC 9112 section 3.2.2). In the client's case; an empty port is left out with its colon.
  std::string host;
  std::vector<Header> headers;  ///< in the order of the request

  /// How many fields have this name.
  size_t Count(std::string_view name) const;

  /// The value of the first field with this name. The view lives as long as the head is unchanged.
  std::optional<std::string_view> Find(std::string_view name) const;

  /// The values of all fields with this name, joined by ", " (RFC 9110 section 5.3).
  std::string Joined(std::string_view name) const;

  /// Returns true if the client means to open a WebSocket: `websocket` is in an Upgrade list, or
  /// there is a Sec-WebSocket-Key. Does not check that the upgrade is valid. A HEAD request never
  /// upgrades: its Upgrade is ignored (RFC 9110 section 7.8).
  bool WantsUpgrade() const;

  bool operator==(const RequestHead&) const = default;
};

/// Which content a response has. One to HEAD has none (RFC 9110 section 9.3.2).
enum class Content : uint8_t {
  kWhole,
  kHeadersOnly,  ///< the answer to HEAD: the headers of the answer to GET, its length included
  kEmpty,        ///< the request's method is not known, so that it may be HEAD
};

/// Why a request gets no more than an answer. `detail` is one clear line for the body of the
/// response; it holds no control bytes and nothing long or secret from the client.
struct Refusal {
  base::Cause cause;
  std::string detail;
  std::vector<Header> headers = {};  ///< what the response has besides those of its status

  bool operator==(const Refusal&) const = default;
};

}  // namespace sluice::http
