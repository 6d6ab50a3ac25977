// The line discipline of a request head: limits, CRLF, the shape of the request line and of each
// field line. It stores nothing but the method, and says where the head ends.
//
// llhttp 8.1 as Debian builds it (not in its strict mode) lets pass: a request line that ends in LF
// alone, obs-fold, whitespace before a header's colon, bytes above 127, tabs and fragments in the
// target, more than one space before it, a request without a version (HTTP/0.9), and RTSP/1.0 for
// one. RFC 9112 says refuse, or lets us, and we do.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "sluice/base/bytes.h"
#include "sluice/http/request_parser.h"

namespace sluice::http {

class HeadScanner {
 public:
  explicit HeadScanner(const HeadLimits& limits, HeadRules rules = {})
      : limits_(limits), rules_(rules) {}

  /// Looks at the next byte of the head. After a refusal, or once done(), it must not be called
  /// again.
  std::optional<Refusal> Take(uint8_t byte);

  /// Takes from the front what is plainly inside a target, a name or a value, and returns how much
  /// that is: as many bytes as Take would take one by one without any change.
  size_t TakeRun(base::Bytes bytes);

  /// Returns true once an accepted method and the space after it have been read.
  bool has_method() const { return state_ >= State::kTarget; }
  /// The method, complete once has_method().
  const std::string& method() const { return method_; }
  /// Returns true for a request of HTTP/1.0, which only `rules` can allow.
  bool is_http_1_0() const { return is_http_1_0_; }
  /// Whether the empty line that ends the head has been read.
  bool done() const { return state_ == State::kDone; }
  /// How many field lines were begun.
  size_t fields() const { return fields_; }

 private:
  enum class State : uint8_t {
    kStart,        // before the method, or an empty line that is skipped
    kStartLf,      // behind the CR of such a line
    kMethod,       //
    kTarget,       //
    kTargetLf,     // after a CR where the target or the space after it is expected
    kVersion,      //
    kFieldLineLf,  // behind the CR of the request line or of a field line
    kFieldLine,    // at the first byte of a line
    kName,         //
    kValue,        //
    kEndLf,        // behind the CR of the empty line
    kDone,
  };

  std::optional<Refusal> TakeStart(uint8_t byte);
  std::optional<Refusal> TakeMethod(uint8_t byte);
  std::optional<Refusal> EndMethod();
  std::optional<Refusal> TakeTarget(uint8_t byte);
  std::optional<Refusal> EndTargetWithoutVersion(uint8_t byte);
  std::optional<Refusal> TakeVersion(uint8_t byte);
  std::optional<Refusal> TakeFieldLine(uint8_t byte);
  std::optional<Refusal> TakeName(uint8_t byte);
  std::optional<Refusal> TakeValue(uint8_t byte);
  std::optional<Refusal> ExpectLf(uint8_t byte, State next);

  HeadLimits limits_;
  HeadRules rules_;
  State state_ = State::kStart;
  std::string method_;
  size_t bytes_ = 0;
  size_t target_bytes_ = 0;
  size_t version_bytes_ = 0;
  size_t fields_ = 0;
  bool is_http_1_0_ = false;
};

}  // namespace sluice::http
