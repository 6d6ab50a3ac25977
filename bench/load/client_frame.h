// A client's side of RFC 6455 framing: masked frames out, unmasked frames in.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace sluice::bench {

enum class Opcode : uint8_t {
  kContinuation = 0,
  kText = 1,
  kBinary = 2,
  kClose = 8,
  kPing = 9,
  kPong = 10,
};

void AppendClientFrame(std::vector<uint8_t>& out, Opcode opcode, std::span<const uint8_t> payload,
                       uint32_t mask);

/// Takes a server's frames apart, in pieces of any size. Control frames come whole, payload of
/// messages as it arrives.
class ServerFrameReader {
 public:
  enum class Kind { kNeedMore, kPayload, kControl, kError };

  struct Item {
    Kind kind;
    Opcode opcode;                   // Of a control frame.
    std::span<const uint8_t> bytes;  // Valid until the next call.
    const char* error;
  };

  /// Moves `in` behind what it has taken. To be called until it says kNeedMore.
  Item Next(std::span<const uint8_t>& in);

  /// Not within a frame.
  bool at_boundary() const { return header_size_ == 0 && left_ == 0; }

 private:
  static constexpr size_t kMaxControlPayload = 125;

  const char* ReadHeader(const uint8_t* header, size_t length_size);
  const char* CheckOrder(Opcode opcode, bool fin);

  std::array<uint8_t, 10> header_{};  // Of a header that came in pieces.
  size_t header_size_ = 0;
  uint64_t left_ = 0;  // Payload of the frame that is still to come.
  Opcode opcode_ = Opcode::kBinary;
  bool in_frame_ = false;
  bool in_message_ = false;
  std::array<uint8_t, kMaxControlPayload> control_{};
  size_t control_size_ = 0;
};

}  // namespace sluice::bench
