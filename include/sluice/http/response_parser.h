// Parses the head of an HTTP/1.1 response, in pieces of any size, within limits: the answer of a
// WebSocket server to our upgrade.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/http/request.h"

namespace sluice::http {

/// A plain value that owns its text. Names of header fields are compared without case.
struct ResponseHead {
  int status = 0;
  std::vector<Header> headers;  ///< in the order of the response

  size_t Count(std::string_view name) const;
  std::optional<std::string_view> Find(std::string_view name) const;
  std::string Joined(std::string_view name) const;

  bool operator==(const ResponseHead&) const = default;
};

struct ResponseLimits {
  size_t header;        ///< bytes of the complete head
  size_t header_count;  ///< header fields
};

/// Parses one response head, as strictly as RequestParser parses a request. Interim responses (1xx)
/// before it are skipped and count towards the limits; a 101 is final. A body is never read: frames
/// follow the head of a 101.
///
/// The outcome depends only on the bytes, not on how they are split. The memory is bounded by a
/// small multiple of limits.header. Not thread-safe.
class ResponseParser {
 public:
  explicit ResponseParser(const ResponseLimits& limits);
  ~ResponseParser();

  /// Consumes `bytes` up to the end of the head and returns their number. Consumes nothing when
  /// done(). The error describes what is wrong with the response; after an error, returns the same
  /// one again.
  base::Result<size_t, std::string> Feed(base::Bytes bytes);

  /// Returns true if the head is complete and valid.
  bool done() const;

  /// The head, complete when done().
  const ResponseHead& head() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::http
