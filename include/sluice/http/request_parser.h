// Parses the head of an HTTP/1.1 request, in pieces of any size, under limits: the request line
// (src/http/request_line_parser.h), the field lines (src/http/field_parser.h), then their meaning.
#pragma once

#include <cstddef>
#include <memory>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/http/request.h"

namespace sluice::http {

struct HeadLimits {
  size_t request_line;  ///< bytes of the request target; over it: kUriTooLong
  size_t header;        ///< bytes of the complete head; over it: kHeaderTooLarge
  size_t header_count;  ///< header fields; over it: kHeaderTooLarge
};

/// What a parser accepts in addition to GET and HEAD over HTTP/1.1.
struct HeadRules {
  bool any_method = false;
  bool http_1_0 = false;  ///< a request of HTTP/1.0 may have no Host
};

/// Parses one request head. Accepts only GET and HEAD and only HTTP/1.1 unless `rules` allow more.
/// The target is in origin form or in absolute form (http, https, ws, wss); exactly one valid Host
/// field is required even then. Lines end in CR LF. Empty lines before the request line are skipped
/// (RFC 9112 section 2.2) and count towards the limit.
///
/// Where RFC 9112 lets a recipient be lenient, this parser is not: LF alone, folded lines,
/// whitespace other than one space in the request line, and Content-Length twice or beside
/// Transfer-Encoding are kBadRequest. No two recipients can read an accepted head in different
/// ways.
///
/// A body is never read. On an upgrade (RequestHead::WantsUpgrade) any Transfer-Encoding, or a
/// Content-Length other than 0, is kBadRequest, as its bytes would be taken for frames. The
/// caller closes the connection after any other request with a body.
///
/// The outcome depends only on the bytes, not on how they are split. The memory is bounded by a
/// small multiple of limits.header. Not thread-safe.
class RequestParser {
 public:
  explicit RequestParser(const HeadLimits& limits, HeadRules rules = {});
  ~RequestParser();
  RequestParser(RequestParser&&) noexcept;
  RequestParser& operator=(RequestParser&&) noexcept;

  /// Consumes `bytes` up to the end of the head and returns their number; the bytes after them
  /// (early frames) are left to the caller. Consumes nothing when done(). After a refusal, returns
  /// the same refusal again.
  base::Result<size_t, Refusal> Feed(base::Bytes bytes);

  /// Returns true if the head is complete and valid.
  bool done() const;

  /// Returns true if the method has been read and is accepted.
  bool has_method() const;

  /// Returns the content that a response may have, according to the bytes so far.
  Content AllowedContent() const;

  /// The head, complete when done(). It may be moved from.
  RequestHead& head();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::http
