// What a FrameReader said about some bytes, in a form that does not depend on how the bytes were
// cut: pieces of payload that follow each other are joined. Used by unit tests and fuzzers.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/websocket/frame_reader.h"

namespace sluice::websocket::testing {

/// One thing that was told: the start of a message, its bytes, its end, or a control frame.
struct Item {
  enum class Kind : uint8_t { kText, kBinary, kBytes, kEnd, kPing, kPong, kClose };
  Kind kind;
  std::string payload;
  bool operator==(const Item&) const = default;
};

/// The start of a message; its payload says whether it is compressed.
inline Item Start(bool is_text, bool is_compressed) {
  return {is_text ? Item::Kind::kText : Item::Kind::kBinary, is_compressed ? "compressed" : ""};
}

struct Transcript {
  std::vector<Item> items;
  Violation violation = Violation::kNone;
  size_t consumed = 0;  ///< bytes taken until the Close, the violation or the end of input

  bool operator==(const Transcript&) const = default;

  bool ended() const {
    return violation != Violation::kNone ||
           (!items.empty() && items.back().kind == Item::Kind::kClose);
  }

  void AddBytes(std::string_view bytes) {
    if (bytes.empty()) return;
    if (items.empty() || items.back().kind != Item::Kind::kBytes) {
      items.push_back({Item::Kind::kBytes, {}});
    }
    items.back().payload += bytes;
  }
};

/// Readable in a failed test: `T"hel" ping"x" "lo".` and `!` with the violation.
inline std::string ToString(const Transcript& transcript) {
  static constexpr const char* kNames[] = {"T", "B", "", ".", " ping", " pong", " close"};
  std::string text;
  for (const Item& item : transcript.items) {
    text += kNames[static_cast<size_t>(item.kind)];
    if (!item.payload.empty()) text += '"' + item.payload + '"';
  }
  if (transcript.violation != Violation::kNone) {
    text.append(" !").append(ToString(transcript.violation));
  }
  return text + " (" + std::to_string(transcript.consumed) + " bytes)";
}

inline std::ostream& operator<<(std::ostream& out, const Transcript& transcript) {
  return out << ToString(transcript);
}

/// Feeds a reader as a session does: each piece lies in a scratch buffer, behind `gap` free bytes,
/// and the payloads are written together at the buffer's start.
class Recorder {
 public:
  explicit Recorder(size_t gap = 0, bool compression = false) : gap_(gap), reader_(compression) {}

  /// Hands `piece` to the reader. Throws std::logic_error where the reader breaks its own contract.
  void Feed(std::string_view piece) {
    if (transcript_.ended()) return;
    scratch_.assign(gap_, 0xee);
    scratch_.insert(scratch_.end(), piece.begin(), piece.end());
    base::MutableBytes in = base::MutableBytes(scratch_).subspan(gap_);
    uint8_t* out = scratch_.data();
    std::string written;  // What must lie at the buffer's start when the whole piece is read.
    for (;;) {
      const FrameEvent event = reader_.Next(in, out);
      if (event.kind == FrameEvent::Kind::kNeedMore) {
        Require(in.empty(), "input is left");
        break;
      }
      Record(event, out);
      if (event.kind == FrameEvent::Kind::kPayload) {
        out += event.payload.size();
        written += base::AsText(event.payload);
      }
      if (transcript_.ended()) break;
    }
    Require(base::AsText({scratch_.data(), written.size()}) == written, "payload was overwritten");
    transcript_.consumed += piece.size() - in.size();
  }

  const Transcript& transcript() const { return transcript_; }
  const FrameReader& reader() const { return reader_; }

 private:
  static void Require(bool condition, const char* what) {
    if (!condition) throw std::logic_error(what);
  }

  void Record(const FrameEvent& event, const uint8_t* out) {
    const std::string payload(base::AsText(event.payload));
    Require((event.violation != Violation::kNone) == (event.kind == FrameEvent::Kind::kViolation),
            "kViolation and no violation, or the other way round");
    switch (event.kind) {
      case FrameEvent::Kind::kNeedMore:
        break;
      case FrameEvent::Kind::kPayload:
        Require(event.payload.data() == out, "payload is not where it should be");
        Require(event.begins_message != in_message_, "a message begins twice, or not at all");
        if (event.begins_message) {
          is_text_ = event.is_text;
          is_compressed_ = event.is_compressed;
          transcript_.items.push_back(Start(is_text_, is_compressed_));
        }
        Require(event.is_text == is_text_ && event.is_compressed == is_compressed_,
                "the kind of the message changed");
        transcript_.AddBytes(payload);
        if (event.ends_message) transcript_.items.push_back({Item::Kind::kEnd, {}});
        in_message_ = !event.ends_message;
        break;
      case FrameEvent::Kind::kPing:
        transcript_.items.push_back({Item::Kind::kPing, payload});
        break;
      case FrameEvent::Kind::kPong:
        transcript_.items.push_back({Item::Kind::kPong, payload});
        break;
      case FrameEvent::Kind::kEnd:
        Require(false, "an end that was not agreed on was accepted");
        break;
      case FrameEvent::Kind::kClose:
        transcript_.items.push_back({Item::Kind::kClose, payload});
        break;
      case FrameEvent::Kind::kViolation:
        transcript_.violation = event.violation;
        break;
    }
  }

  const size_t gap_;
  FrameReader reader_;
  Transcript transcript_;
  std::vector<uint8_t> scratch_;
  bool in_message_ = false;
  bool is_text_ = false;
  bool is_compressed_ = false;
};

/// The transcript of `wire`, read in pieces of the given sizes; what they leave is the last piece.
inline Transcript ReadInPieces(std::string_view wire, std::span<const size_t> sizes = {},
                               size_t gap = 0, bool compression = false) {
  Recorder recorder(gap, compression);
  for (const size_t size : sizes) {
    recorder.Feed(wire.substr(0, size));
    wire.remove_prefix(std::min(size, wire.size()));
  }
  recorder.Feed(wire);
  return recorder.transcript();
}

/// The same, a byte at a time.
inline Transcript ReadByteByByte(std::string_view wire, bool compression = false) {
  Recorder recorder(0, compression);
  for (const char& byte : wire) recorder.Feed({&byte, 1});
  return recorder.transcript();
}

}  // namespace sluice::websocket::testing
