// RFC 6455 section 5 read plainly: the whole input lies in memory, each frame is cut out, unmasked
// byte by byte and judged. Says what FrameReader must say. Used by unit tests and fuzzers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "transcript.h"
#include "utf8_oracle.h"

namespace sluice::websocket::testing {

class ReferenceParser {
 public:
  explicit ReferenceParser(std::string_view wire, bool compression = false)
      : wire_(wire), compression_(compression) {}

  /// The transcript of the input. A text that is not UTF-8 is told up to its first bad byte, or
  /// its end if that is what is wrong; a reader fed in larger pieces may tell less of it.
  Transcript Run() {
    while (ReadFrame()) {
    }
    return transcript_;
  }

 private:
  uint8_t At(size_t i) const { return static_cast<uint8_t>(wire_[i]); }

  bool Fail(Violation violation, size_t consumed) {
    transcript_.violation = violation;
    transcript_.consumed = consumed;
    return false;
  }

  bool NeedMore() {
    transcript_.consumed = wire_.size();
    return false;
  }

  uint64_t Number(size_t from, size_t size) const {
    uint64_t value = 0;
    for (size_t i = 0; i < size; ++i) value = value * 256 + At(from + i);
    return value;
  }

  // The first two bytes, as the rules stand in sections 5.2, 5.4, 5.5 and 5.1.
  Violation JudgeStart() const {
    const int opcode = At(at_) % 16;
    const int length7 = At(at_ + 1) % 128;
    const bool may_be_compressed = compression_ && opcode >= 1 && opcode < 8;
    const int reserved = At(at_) / 16 % 8;
    if (reserved != 0 && !(may_be_compressed && reserved == 4)) return Violation::kReservedBits;
    if ((opcode > 2 && opcode < 8) || opcode > 10) return Violation::kReservedOpcode;
    if (opcode >= 8 && At(at_) < 128) return Violation::kControlFragmented;
    if (opcode >= 8 && length7 > 125) return Violation::kControlTooLong;
    if (opcode == 0 && !in_message_) return Violation::kContinuationUnexpected;
    if ((opcode == 1 || opcode == 2) && in_message_) return Violation::kMessageInterrupted;
    if (At(at_ + 1) < 128) return Violation::kUnmasked;
    return Violation::kNone;
  }

  // One frame; false at the end of input or of the session.
  bool ReadFrame() {
    if (wire_.size() - at_ < 2) return NeedMore();
    if (const Violation v = JudgeStart(); v != Violation::kNone) return Fail(v, at_ + 2);
    const int length7 = At(at_ + 1) % 128;
    const size_t length_size = length7 == 126 ? 2 : length7 == 127 ? 8 : 0;
    const size_t header = 2 + length_size + 4;
    if (wire_.size() - at_ < header) return NeedMore();
    const uint64_t length =
        length_size == 0 ? static_cast<uint64_t>(length7) : Number(at_ + 2, length_size);
    if (length >> 63 != 0) return Fail(Violation::kLengthTooLarge, at_ + header);
    if ((length_size == 2 && length < 126) || (length_size == 8 && length < 65536)) {
      return Fail(Violation::kLengthNotMinimal, at_ + header);
    }
    const std::string_view rest = wire_.substr(at_ + header);
    std::string payload(rest.substr(0, length));
    for (size_t i = 0; i < payload.size(); ++i) {
      payload[i] = static_cast<char>(payload[i] ^ wire_[at_ + header - 4 + i % 4]);
    }
    const bool complete = payload.size() == length;
    const size_t payload_at = at_ + header;
    const int first = At(at_);
    at_ = payload_at + payload.size();
    return first % 16 >= 8 ? TakeControl(first % 16, payload, complete)
                           : TakeData(first, payload, payload_at, complete);
  }

  bool TakeControl(int opcode, const std::string& payload, bool complete) {
    if (!complete) return NeedMore();
    if (opcode == 8) {
      if (const Violation v = JudgeClose(payload); v != Violation::kNone) return Fail(v, at_);
    }
    using Kind = Item::Kind;
    transcript_.items.push_back({opcode == 8   ? Kind::kClose
                                 : opcode == 9 ? Kind::kPing
                                               : Kind::kPong,
                                 payload});
    transcript_.consumed = at_;
    return opcode != 8;
  }

  static Violation JudgeClose(std::string_view payload) {
    if (payload.empty()) return Violation::kNone;
    if (payload.size() == 1) return Violation::kCloseTruncated;
    const int code = static_cast<uint8_t>(payload[0]) * 256 + static_cast<uint8_t>(payload[1]);
    // Section 7.4.1, the IANA registry up to 1014, and section 7.4.2.
    const bool known = code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
    const bool of_libraries_and_applications = code >= 3000 && code <= 4999;
    if (!known && !of_libraries_and_applications) return Violation::kCloseCodeInvalid;
    const Utf8Verdict verdict = JudgeUtf8(payload.substr(2));
    return verdict.at_boundary ? Violation::kNone : Violation::kCloseReasonNotUtf8;
  }

  bool TakeData(int first, const std::string& payload, size_t payload_at, bool complete) {
    // A piece is told when there is a byte of it, or when the frame has none.
    if (payload.empty() && !complete) return NeedMore();
    if (first % 16 != 0) {
      in_message_ = true;
      is_text_ = first % 16 == 1;
      is_compressed_ = first / 64 % 2 == 1;
      text_.clear();
      begin_pending_ = true;
    }
    std::string good = payload;
    bool bad = false;
    if (is_text_ && !is_compressed_) {
      const size_t before = text_.size();
      text_ += payload;
      const Utf8Verdict verdict = JudgeUtf8(text_);
      if (verdict.bad_at) {
        good.resize(*verdict.bad_at - before);
        transcript_.consumed = payload_at + good.size() + 1;
        bad = true;
      } else if (complete && first >= 128 && !verdict.at_boundary) {
        if (!good.empty()) good.pop_back();
        transcript_.consumed = at_;
        bad = true;
      }
    }
    if (begin_pending_ && (!bad || !good.empty())) {
      transcript_.items.push_back(Start(is_text_, is_compressed_));
      begin_pending_ = false;
    }
    transcript_.AddBytes(good);
    if (bad) return Fail(Violation::kTextNotUtf8, transcript_.consumed);
    transcript_.consumed = at_;
    if (complete && first >= 128) {
      transcript_.items.push_back({Item::Kind::kEnd, {}});
      in_message_ = false;
    }
    return true;
  }

  const std::string_view wire_;
  const bool compression_;
  size_t at_ = 0;
  bool in_message_ = false;
  bool is_text_ = false;
  bool is_compressed_ = false;
  bool begin_pending_ = false;
  std::string text_;  // Of the message under way, from its start.
  Transcript transcript_;
};

/// Whether a reader fed in pieces may say `told` where the reference says `full`: the same, but of
/// a text that is not UTF-8 it may have told less.
inline bool AgreesWith(const Transcript& told, const Transcript& full) {
  if (full.violation != Violation::kTextNotUtf8) return told == full;
  if (told.violation != full.violation || told.items.size() > full.items.size()) return false;
  for (size_t i = 0; i < told.items.size(); ++i) {
    const bool last = i + 1 == told.items.size();
    if (told.items[i].kind != full.items[i].kind) return false;
    const bool may_be_less = last && told.items[i].kind == Item::Kind::kBytes;
    if (may_be_less ? !full.items[i].payload.starts_with(told.items[i].payload)
                    : told.items[i].payload != full.items[i].payload) {
      return false;
    }
  }
  return told.consumed >= full.consumed;
}

}  // namespace sluice::websocket::testing
