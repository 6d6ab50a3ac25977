#include "sluice/websocket/frame_writer.h"

#include <algorithm>
#include <array>

namespace sluice::websocket {
namespace {

void WriteBigEndian(uint8_t* out, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; ++i) out[i] = static_cast<uint8_t>(value >> (8 * (size - 1 - i)));
}

// Returns the length of the longest prefix of `text` that has at most `max` bytes and ends between
// characters: a Close reason is UTF-8 (RFC 6455 section 5.5.1).
size_t FittingSize(std::string_view text, size_t max) {
  if (text.size() <= max) return text.size();
  while (max > 0 && (static_cast<uint8_t>(text[max]) & 0xc0) == 0x80) --max;
  return max;
}

using ClosePayload = std::array<uint8_t, kMaxControlPayload>;

// Writes the payload of a Close frame to `buffer`.
base::Bytes MakeClosePayload(ClosePayload& buffer, std::optional<uint16_t> code,
                             std::string_view reason) {
  if (!code) return {};
  WriteBigEndian(buffer.data(), *code, 2);
  const size_t length = FittingSize(reason, buffer.size() - 2);
  std::copy_n(reason.begin(), length, buffer.begin() + 2);
  return base::Bytes(buffer).first(2 + length);
}

}  // namespace

size_t ServerHeaderSize(uint64_t length) {
  if (length < kLength16) return 2;
  return length <= UINT16_MAX ? 4 : kMaxServerHeader;
}

size_t WriteServerHeader(uint8_t* out, Opcode opcode, uint64_t length) {
  const size_t size = ServerHeaderSize(length);
  out[0] = static_cast<uint8_t>(kFinBit | static_cast<uint8_t>(opcode));
  if (size == 2) {
    out[1] = static_cast<uint8_t>(length);
  } else {
    out[1] = size == 4 ? kLength16 : kLength64;
    WriteBigEndian(out + 2, length, size - 2);
  }
  return size;
}

size_t WriteControlFrame(uint8_t* out, Opcode opcode, base::Bytes payload) {
  const size_t header = WriteServerHeader(out, opcode, payload.size());
  std::copy(payload.begin(), payload.end(), out + header);
  return header + payload.size();
}

size_t WriteCloseFrame(uint8_t* out, std::optional<uint16_t> code, std::string_view reason) {
  ClosePayload buffer;
  return WriteControlFrame(out, Opcode::kClose, MakeClosePayload(buffer, code, reason));
}

size_t WriteMaskedFrame(uint8_t* out, uint8_t start, MaskKey key, base::Bytes payload) {
  const size_t header = WriteServerHeader(out, Opcode::kBinary, payload.size());
  out[0] = start;
  out[1] |= kMaskBit;
  std::copy(key.begin(), key.end(), out + header);
  // XOR is its own inverse.
  Unmask(out + header + kMaskSize, payload.data(), payload.size(), key, 0);
  return header + kMaskSize + payload.size();
}

size_t WriteMaskedCloseFrame(uint8_t* out, MaskKey key, std::optional<uint16_t> code,
                             std::string_view reason) {
  ClosePayload buffer;
  const auto start = static_cast<uint8_t>(kFinBit | static_cast<uint8_t>(Opcode::kClose));
  return WriteMaskedFrame(out, start, key, MakeClosePayload(buffer, code, reason));
}

}  // namespace sluice::websocket
