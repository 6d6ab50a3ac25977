// Parses the request line (RFC 9112 section 3), in pieces of any size.
//
//   kStart ──► kMethod ──► kTarget ──► kVersion ──► kLf ──► kDone
//     │ ▲                    └──► kTargetLf: no version, or a CR in the target; refused either way
//     ▼ │
//   kStartLf: an empty line before the request (RFC 9112 section 2.2)
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/http/request.h"
#include "sluice/http/request_parser.h"

namespace sluice::http {

class RequestLineParser {
 public:
  RequestLineParser(size_t max_target, HeadRules rules) : max_target_(max_target), rules_(rules) {}

  /// Parses `bytes` up to the end of the line and returns how many it consumed. It must not be
  /// called again after a refusal.
  base::Result<size_t, Refusal> Feed(base::Bytes bytes);

  /// Returns true if the line has been parsed.
  bool done() const { return state_ == State::kDone; }
  /// Returns true if an accepted method and the space after it have been parsed.
  bool has_method() const { return state_ >= State::kTarget; }
  /// The method, complete when has_method().
  const std::string& method() const { return method_; }
  /// The target, complete when done(): visible ASCII, not yet parsed. It may be moved from.
  std::string& target() { return target_; }
  /// Returns true for a request of HTTP/1.0. Only `rules` can allow one.
  bool is_http_1_0() const { return is_http_1_0_; }

 private:
  enum class State : uint8_t {
    kStart,     // before the method or an empty line
    kStartLf,   // after the CR of an empty line
    kMethod,    // in the method
    kTarget,    // in the target or before it
    kTargetLf,  // after a CR where the target or the space after it is expected
    kVersion,   // in the version or after it
    kLf,        // after the CR of the line
    kDone,
  };

  size_t AppendToTarget(base::Bytes bytes);
  std::optional<Refusal> ParseByte(uint8_t byte);
  std::optional<Refusal> ParseStart(uint8_t byte);
  std::optional<Refusal> ParseMethod(uint8_t byte);
  std::optional<Refusal> EndMethod();
  std::optional<Refusal> EndTarget(uint8_t byte);
  std::optional<Refusal> ParseVersion(uint8_t byte);
  std::optional<Refusal> ExpectLf(uint8_t byte, State next);

  const size_t max_target_;
  const HeadRules rules_;
  State state_ = State::kStart;
  std::string method_;
  std::string target_;
  size_t version_bytes_ = 0;
  bool is_http_1_0_ = false;
};

}  // namespace sluice::http
