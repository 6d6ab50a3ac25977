#include "request_line_parser.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "head_syntax.h"

namespace sluice::http {
namespace {

using base::Cause;

constexpr std::string_view kVersion = "HTTP/1.1";
// The characters of an unknown method that a response repeats at most; common methods are shorter.
constexpr size_t kShownMethod = 20;

Refusal BadLine(std::string detail) {
  return {Cause::kBadRequest, std::move(detail)};
}

Refusal BadLine(HeadError error) {
  return BadLine(std::string(Describe(error)));
}

Refusal InvalidMethod() {
  return BadLine("the request does not begin with an HTTP method");
}

Refusal InvalidTargetByte() {
  return BadLine("the request target has a byte that is not visible ASCII");
}

}  // namespace

base::Result<size_t, Refusal> RequestLineParser::Feed(base::Bytes bytes) {
  size_t used = 0;
  while (used < bytes.size() && !done()) {
    if (state_ == State::kTarget) used += AppendToTarget(bytes.subspan(used));
    if (used == bytes.size()) break;
    if (auto refusal = ParseByte(bytes[used])) return base::Unexpected(*std::move(refusal));
    ++used;
  }
  return used;
}

/// Appends the bytes at the front that are in the target, up to its limit.
size_t RequestLineParser::AppendToTarget(base::Bytes bytes) {
  const size_t room = max_target_ - target_.size();
  return AppendRun(kTargetBytes, bytes.first(std::min(bytes.size(), room)), target_);
}

std::optional<Refusal> RequestLineParser::ParseByte(uint8_t byte) {
  switch (state_) {
    case State::kStart:
      return ParseStart(byte);
    case State::kStartLf:
      return ExpectLf(byte, State::kStart);
    case State::kMethod:
      return ParseMethod(byte);
    case State::kTarget:
      return EndTarget(byte);
    case State::kTargetLf:
      if (byte != '\n') return InvalidTargetByte();
      return Refusal{Cause::kHttpVersion, "the request line has no version, expected HTTP/1.1"};
    case State::kVersion:
      return ParseVersion(byte);
    case State::kLf:
      return ExpectLf(byte, State::kDone);
    case State::kDone:
      break;
  }
  return std::nullopt;
}

std::optional<Refusal> RequestLineParser::ParseStart(uint8_t byte) {
  if (byte == '\r') {
    state_ = State::kStartLf;
    return std::nullopt;
  }
  if (byte == '\n') return BadLine(HeadError::kBareLf);
  // The record type of a TLS handshake (RFC 8446 section 5.1).
  if (byte == 0x16) return BadLine("a TLS handshake arrived on a plain listener");
  if (!IsCapital(byte)) return InvalidMethod();
  state_ = State::kMethod;
  return ParseMethod(byte);
}

std::optional<Refusal> RequestLineParser::ParseMethod(uint8_t byte) {
  if (byte == ' ') return EndMethod();
  if (!kMethodBytes.Contains(byte)) return InvalidMethod();
  method_ += static_cast<char>(byte);
  return std::nullopt;
}

std::optional<Refusal> RequestLineParser::EndMethod() {
  // RFC 9113 section 3.4: no other request has this method.
  if (method_ == "PRI") {
    return Refusal{Cause::kHttpVersion, "HTTP/2 is not spoken here, expected HTTP/1.1"};
  }
  if (!rules_.any_method && method_ != "GET" && method_ != "HEAD") {
    return Refusal{Cause::kMethodNotAllowed, "the method " + method_.substr(0, kShownMethod) +
                                                 " is not allowed, expected GET or HEAD"};
  }
  state_ = State::kTarget;
  return std::nullopt;
}

std::optional<Refusal> RequestLineParser::EndTarget(uint8_t byte) {
  if (byte == ' ') {
    if (target_.empty()) return BadLine("the request target is empty");
    state_ = State::kVersion;
    return std::nullopt;
  }
  if (byte == '\r') {
    state_ = State::kTargetLf;
    return std::nullopt;
  }
  if (byte == '\n') return BadLine(HeadError::kBareLf);
  if (byte == '#') return BadLine("the request target has a fragment");
  if (!kTargetBytes.Contains(byte)) return InvalidTargetByte();
  // Only the limit can have stopped AppendToTarget before such a byte.
  return Refusal{Cause::kUriTooLong,
                 "the request target is longer than " + std::to_string(max_target_) + " bytes"};
}

std::optional<Refusal> RequestLineParser::ParseVersion(uint8_t byte) {
  const size_t at = version_bytes_++;
  if (at == kVersion.size() && byte == '\r') {
    state_ = State::kLf;
    return std::nullopt;
  }
  if (byte == '\n') return BadLine(HeadError::kBareLf);
  if (at < kVersion.size() && static_cast<char>(byte) == kVersion[at]) return std::nullopt;
  if (rules_.http_1_0 && byte == '0' && at + 1 == kVersion.size()) {
    is_http_1_0_ = true;
    return std::nullopt;
  }
  if (IsDigit(byte) && at > kVersion.find('/') && at < kVersion.size()) {
    return Refusal{Cause::kHttpVersion,
                   "this version of HTTP is not spoken here, expected HTTP/1.1"};
  }
  return BadLine("the request line does not end in HTTP/1.1");
}

std::optional<Refusal> RequestLineParser::ExpectLf(uint8_t byte, State next) {
  if (byte != '\n') return BadLine(HeadError::kBareCr);
  state_ = next;
  return std::nullopt;
}

}  // namespace sluice::http
