// The head of a client's request, and the refusal of a request.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/cause.h"

namespace sluice::http {

/// A header field: the name in the client's case, the value without the whitespace at its ends. The
/// value may contain tabs and bytes above 127, but no other control bytes.
struct Header {
  std::string name;
  std::string value;

  bool operator==(const Header&) const = default;
};

/// A plain value that owns its text. Names of header fields are compared without case.
struct RequestHead {
  std::string method;  ///< GET or HEAD
  std::string target;  ///< the request target as received, all visible ASCII
  /// Percent-decoded, begins with '/'. `%2F` (and `%2f`) is kept, so that every '/' here is a '/'
  /// in the request. Escaped control characters were refused. Bytes above 127 may not be UTF-8, and
  /// dot segments are kept.
  std::string path;
  std::string query;  ///< without '?', not decoded; may be a secret: never log it
  /// host[:port] of the target in absolute form or else of the Host field (RFC 9112 section 3.2.2).
  /// In the client's case; an empty port is omitted with its colon.
  std::string host;
  std::vector<Header> headers;  ///< in the order of the request

  /// Returns the number of fields with this name.
  size_t Count(std::string_view name) const;

  /// Returns the value of the first field with this name; unset if there is none. The view is valid
  /// as long as the head does not change.
  std::optional<std::string_view> Find(std::string_view name) const;

  /// Returns the values of all fields with this name, joined by ", " (RFC 9110 section 5.3).
  std::string Joined(std::string_view name) const;

  /// Returns true if the client wants to open a WebSocket: `websocket` is in an Upgrade list, or
  /// there is a Sec-WebSocket-Key. Does not check that the upgrade is valid. A HEAD request is
  /// never an upgrade: its Upgrade is ignored (RFC 9110 section 7.8).
  bool WantsUpgrade() const;

  bool operator==(const RequestHead&) const = default;
};

/// The content that a response may have. A response to HEAD has none (RFC 9110 section 9.3.2).
enum class Content : uint8_t {
  kWhole,
  kHeadersOnly,  ///< for HEAD: the headers of the answer to GET, including Content-Length
  kEmpty,        ///< the method is not known, so it may be HEAD
};

/// The refusal of a request. `detail` is one line for the body of the response; it contains no
/// control bytes, and no long or secret text from the client.
struct Refusal {
  base::Cause cause;
  std::string detail;
  std::vector<Header> headers = {};  ///< in addition to those of the status

  bool operator==(const Refusal&) const = default;
};

}  // namespace sluice::http
