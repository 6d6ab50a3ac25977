// Parses the head of an HTTP/1.1 response, in pieces of any size, under limits: the answer of a
// WebSocket service to our upgrade.
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

/// A plain value that owns its text. Names of header fields are found whatever their case.
struct ResponseHead {
  int status = 0;
  std::vector<Header> headers;  ///< in the order of the response

  size_t Count(std::string_view name) const;
  std::optional<std::string_view> Find(std::string_view name) const;
  std::string Joined(std::string_view name) const;

  bool operator==(const ResponseHead&) const = default;
};

struct ResponseLimits {
  size_t header;        ///< bytes of the whole head, first to last
  size_t header_count;  ///< header fields
};

/// Parses one response head, as strictly as RequestParser parses a request. Interim responses (1xx)
/// before it are skipped and count towards the limits; a 101 is final. A body is never read: frames
/// follow the head of a 101.
///
/// The outcome depends on the bytes alone, not on how they were cut. Memory stays within a small
/// multiple of limits.header. Not thread-safe.
class ResponseParser {
 public:
  explicit ResponseParser(const ResponseLimits& limits);
  ~ResponseParser();

  /// Consumes `bytes` up to the end of the head and returns how many that were. Nothing is consumed
  /// once done(). The error says in words what is wrong with the response; after it, the same one
  /// again.
  base::Result<size_t, std::string> Feed(base::Bytes bytes);

  /// Whether the head is complete and was found good.
  bool done() const;

  /// The head, complete once done().
  const ResponseHead& head() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::http
