#include "head_scanner.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "sluice/base/text.h"

namespace sluice::http {
namespace {

using base::Cause;

constexpr std::string_view kVersion = "HTTP/1.1";
/// What of the client's method a response repeats; the methods in use are shorter.
constexpr size_t kShownMethod = 20;

Refusal BadRequest(std::string detail) {
  return {Cause::kBadRequest, std::move(detail)};
}

Refusal BareLf() {
  return BadRequest("a line ends in LF alone, expected CR LF");
}

Refusal InvalidTargetByte() {
  return BadRequest("the request target has a byte that is not visible ASCII");
}

bool IsTargetByte(uint8_t byte) {
  return byte > 0x20 && byte < 0x7f && byte != '#';
}

bool IsNameByte(uint8_t byte) {
  const char c = static_cast<char>(byte);
  return base::IsToken({&c, 1});
}

bool IsValueByte(uint8_t byte) {
  return byte == '\t' || (byte >= 0x20 && byte != 0x7f);
}

// The bytes for which a predicate holds, since a head has hundreds of them.
class ByteSet {
 public:
  explicit ByteSet(bool (*contains)(uint8_t)) {
    for (unsigned byte = 0; byte < contains_.size(); ++byte) {
      contains_[byte] = contains(static_cast<uint8_t>(byte));
    }
  }
  size_t CountAtFront(base::Bytes bytes) const {
    const auto end = std::find_if_not(bytes.begin(), bytes.end(),
                                      [this](uint8_t byte) { return contains_[byte]; });
    return static_cast<size_t>(end - bytes.begin());
  }

 private:
  std::array<bool, 256> contains_;
};

bool IsCapital(uint8_t byte) {
  return byte >= 'A' && byte <= 'Z';
}

bool IsMethodByte(uint8_t byte) {
  return IsCapital(byte) || byte == '-' || byte == '_' || (byte >= '0' && byte <= '9');
}

}  // namespace

std::optional<Refusal> HeadScanner::Take(uint8_t byte) {
  if (++bytes_ > limits_.header) {
    return Refusal{Cause::kHeaderTooLarge,
                   "the request head is longer than " + std::to_string(limits_.header) + " bytes"};
  }
  switch (state_) {
    case State::kStart:
      return TakeStart(byte);
    case State::kStartLf:
      return ExpectLf(byte, State::kStart);
    case State::kMethod:
      return TakeMethod(byte);
    case State::kTarget:
      return TakeTarget(byte);
    case State::kTargetLf:
      return EndTargetWithoutVersion(byte);
    case State::kVersion:
      return TakeVersion(byte);
    case State::kFieldLineLf:
      return ExpectLf(byte, State::kFieldLine);
    case State::kFieldLine:
      return TakeFieldLine(byte);
    case State::kName:
      return TakeName(byte);
    case State::kValue:
      return TakeValue(byte);
    case State::kEndLf:
      return ExpectLf(byte, State::kDone);
    case State::kDone:
      break;
  }
  return std::nullopt;
}

size_t HeadScanner::TakeRun(base::Bytes bytes) {
  static const ByteSet target_bytes(IsTargetByte);
  static const ByteSet name_bytes(IsNameByte);
  static const ByteSet value_bytes(IsValueByte);
  // What is over a limit is for Take to refuse.
  bytes = bytes.first(std::min(bytes.size(), limits_.header - bytes_));
  size_t run = 0;
  if (state_ == State::kTarget) {
    run = target_bytes.CountAtFront(
        bytes.first(std::min(bytes.size(), limits_.request_line - target_bytes_)));
    target_bytes_ += run;
  } else if (state_ == State::kName) {
    run = name_bytes.CountAtFront(bytes);
  } else if (state_ == State::kValue) {
    run = value_bytes.CountAtFront(bytes);
  }
  bytes_ += run;
  return run;
}

std::optional<Refusal> HeadScanner::TakeStart(uint8_t byte) {
  if (byte == '\r') {
    state_ = State::kStartLf;
    return std::nullopt;
  }
  if (byte == '\n') return BareLf();
  // The record type of a TLS handshake (RFC 8446 section 5.1).
  if (byte == 0x16) return BadRequest("a TLS handshake arrived on a plain listener");
  if (!IsCapital(byte)) return BadRequest("the request does not begin with an HTTP method");
  state_ = State::kMethod;
  return TakeMethod(byte);
}

std::optional<Refusal> HeadScanner::TakeMethod(uint8_t byte) {
  if (byte == ' ') return EndMethod();
  if (!IsMethodByte(byte)) return BadRequest("the request does not begin with an HTTP method");
  method_ += static_cast<char>(byte);
  return std::nullopt;
}

std::optional<Refusal> HeadScanner::EndMethod() {
  // RFC 9113 section 3.4: no other request has this method.
  if (method_ == "PRI") {
    return Refusal{Cause::kHttpVersion, "HTTP/2 is not spoken here, expected HTTP/1.1"};
  }
  if (rules_.any_method || method_ == "GET" || method_ == "HEAD") {
    state_ = State::kTarget;
    return std::nullopt;
  }
  return Refusal{Cause::kMethodNotAllowed, "the method " + method_.substr(0, kShownMethod) +
                                               " is not allowed, expected GET or HEAD"};
}

std::optional<Refusal> HeadScanner::TakeTarget(uint8_t byte) {
  if (byte == ' ') {
    if (target_bytes_ == 0) return BadRequest("the request target is empty");
    state_ = State::kVersion;
    return std::nullopt;
  }
  if (byte == '\r') {
    state_ = State::kTargetLf;
    return std::nullopt;
  }
  if (byte == '\n') return BareLf();
  if (byte == '#') return BadRequest("the request target has a fragment");
  if (!IsTargetByte(byte)) return InvalidTargetByte();
  if (++target_bytes_ > limits_.request_line) {
    return Refusal{Cause::kUriTooLong, "the request target is longer than " +
                                           std::to_string(limits_.request_line) + " bytes"};
  }
  return std::nullopt;
}

/// Tells a request line of HTTP/0.9, which ends after the target, from a CR inside the target.
std::optional<Refusal> HeadScanner::EndTargetWithoutVersion(uint8_t byte) {
  if (byte != '\n') return InvalidTargetByte();
  return Refusal{Cause::kHttpVersion, "the request line has no version, expected HTTP/1.1"};
}

std::optional<Refusal> HeadScanner::TakeVersion(uint8_t byte) {
  if (version_bytes_ == kVersion.size() && byte == '\r') {
    state_ = State::kFieldLineLf;
    return std::nullopt;
  }
  if (byte == '\n') return BareLf();
  if (version_bytes_ < kVersion.size() && static_cast<char>(byte) == kVersion[version_bytes_]) {
    ++version_bytes_;
    return std::nullopt;
  }
  if (rules_.http_1_0 && byte == '0' && version_bytes_ + 1 == kVersion.size()) {
    is_http_1_0_ = true;
    ++version_bytes_;
    return std::nullopt;
  }
  constexpr size_t kNameEnd = kVersion.find('/') + 1;
  const bool is_digit = byte >= '0' && byte <= '9';
  if (is_digit && version_bytes_ >= kNameEnd && version_bytes_ < kVersion.size()) {
    return Refusal{Cause::kHttpVersion,
                   "this version of HTTP is not spoken here, expected HTTP/1.1"};
  }
  return BadRequest("the request line does not end in HTTP/1.1");
}

std::optional<Refusal> HeadScanner::TakeFieldLine(uint8_t byte) {
  if (byte == '\r') {
    state_ = State::kEndLf;
    return std::nullopt;
  }
  if (byte == '\n') return BareLf();
  // RFC 9112 section 5.2 and, for the first line, section 2.2.
  if (byte == ' ' || byte == '\t') return BadRequest("a header line begins with whitespace");
  if (byte == ':') return BadRequest("a header has an empty name");
  if (!IsNameByte(byte)) return BadRequest("a header's name has a byte that is not allowed");
  if (++fields_ > limits_.header_count) {
    return Refusal{Cause::kHeaderTooLarge, "the request has more than " +
                                               std::to_string(limits_.header_count) + " headers"};
  }
  state_ = State::kName;
  return std::nullopt;
}

std::optional<Refusal> HeadScanner::TakeName(uint8_t byte) {
  if (byte == ':') {
    state_ = State::kValue;
    return std::nullopt;
  }
  if (byte == '\r' || byte == '\n') return BadRequest("a header line has no colon");
  // RFC 9112 section 5.1: a server must refuse it.
  if (byte == ' ' || byte == '\t')
    return BadRequest("whitespace between a header's name and colon");
  if (!IsNameByte(byte)) return BadRequest("a header's name has a byte that is not allowed");
  return std::nullopt;
}

std::optional<Refusal> HeadScanner::TakeValue(uint8_t byte) {
  if (byte == '\r') {
    state_ = State::kFieldLineLf;
    return std::nullopt;
  }
  if (byte == '\n') return BareLf();
  if (!IsValueByte(byte)) return BadRequest("a header's value has a control byte");
  return std::nullopt;
}

std::optional<Refusal> HeadScanner::ExpectLf(uint8_t byte, State next) {
  if (byte != '\n') return BadRequest("a CR is not followed by LF");
  state_ = next;
  return std::nullopt;
}

}  // namespace sluice::http
