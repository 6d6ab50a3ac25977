#include "load/client_frame.h"

#include <algorithm>
#include <cstring>

namespace sluice::bench {
namespace {

constexpr uint8_t kFin = 0x80;
constexpr uint8_t kReserved = 0x70;
constexpr uint8_t kMasked = 0x80;
constexpr uint8_t kLength16 = 126;
constexpr uint8_t kLength64 = 127;

bool IsControl(Opcode opcode) {
  return (static_cast<uint8_t>(opcode) & 8) != 0;
}

void AppendBigEndian(std::vector<uint8_t>& out, uint64_t value, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<uint8_t>(value >> (8 * i)));
}

}  // namespace

void AppendClientFrame(std::vector<uint8_t>& out, Opcode opcode, std::span<const uint8_t> payload,
                       uint32_t mask) {
  out.push_back(kFin | static_cast<uint8_t>(opcode));
  if (payload.size() < kLength16) {
    out.push_back(static_cast<uint8_t>(kMasked | payload.size()));
  } else if (payload.size() <= UINT16_MAX) {
    out.push_back(kMasked | kLength16);
    AppendBigEndian(out, payload.size(), 2);
  } else {
    out.push_back(kMasked | kLength64);
    AppendBigEndian(out, payload.size(), 8);
  }
  AppendBigEndian(out, mask, 4);
  for (size_t i = 0; i < payload.size(); ++i) {
    out.push_back(static_cast<uint8_t>(payload[i] ^ (mask >> (24 - 8 * (i % 4)))));
  }
}

ServerFrameReader::Item ServerFrameReader::Next(std::span<const uint8_t>& in) {
  if (!in_frame_) {
    if (in.empty()) return {Kind::kNeedMore, {}, {}, nullptr};
    const uint8_t* header = in.data();
    size_t available = in.size();
    if (header_size_ > 0 || in.size() < header_.size()) {
      // The rare case: collected in header_, one byte after the other as far as it needs.
      while (!in.empty()) {
        header_[header_size_++] = in[0];
        in = in.subspan(1);
        const uint8_t length = header_size_ > 1 ? header_[1] & 0x7f : kLength64;
        const size_t need = length == kLength64 ? 10 : length == kLength16 ? 4 : 2;
        if (header_size_ >= need) break;
      }
      header = header_.data();
      available = header_size_;
    }
    const uint8_t length = available > 1 ? header[1] & 0x7f : kLength64;
    const size_t length_size = length == kLength64 ? 8 : length == kLength16 ? 2 : 0;
    if (available < 2 + length_size) return {Kind::kNeedMore, {}, {}, nullptr};
    if (header == in.data()) in = in.subspan(2 + length_size);
    header_size_ = 0;
    if (const char* error = ReadHeader(header, length_size)) {
      return {Kind::kError, {}, {}, error};
    }
  }

  if (IsControl(opcode_)) {
    const size_t part = std::min<size_t>(left_, in.size());
    std::memcpy(control_.data() + control_size_, in.data(), part);
    control_size_ += part;
    left_ -= part;
    in = in.subspan(part);
    if (left_ > 0) return {Kind::kNeedMore, {}, {}, nullptr};
    in_frame_ = false;
    return {Kind::kControl, opcode_, {control_.data(), control_size_}, nullptr};
  }
  const auto part = static_cast<size_t>(std::min<uint64_t>(left_, in.size()));
  const std::span<const uint8_t> bytes = in.first(part);
  left_ -= part;
  in = in.subspan(part);
  in_frame_ = left_ > 0;
  if (in_frame_ && part == 0) return {Kind::kNeedMore, {}, {}, nullptr};
  return {Kind::kPayload, opcode_, bytes, nullptr};
}

const char* ServerFrameReader::ReadHeader(const uint8_t* header, size_t length_size) {
  opcode_ = static_cast<Opcode>(header[0] & 0x0f);
  const bool fin = (header[0] & kFin) != 0;
  if ((header[0] & kReserved) != 0) return "a reserved bit is set";
  if ((header[1] & kMasked) != 0) return "a server's frame is masked";
  left_ = header[1] & 0x7f;
  if (length_size > 0) {
    left_ = 0;
    for (size_t i = 0; i < length_size; ++i) left_ = left_ << 8 | header[2 + i];
    if (left_ < kLength16 || (length_size == 8 && (left_ <= UINT16_MAX || left_ >> 63 != 0))) {
      return "a length is not in its shortest form";
    }
  }
  in_frame_ = true;
  control_size_ = 0;
  return CheckOrder(opcode_, fin);
}

const char* ServerFrameReader::CheckOrder(Opcode opcode, bool fin) {
  switch (opcode) {
    case Opcode::kClose:
    case Opcode::kPing:
    case Opcode::kPong:
      if (!fin) return "a control frame is fragmented";
      if (left_ > kMaxControlPayload) return "a control frame is longer than 125 bytes";
      return nullptr;
    case Opcode::kContinuation:
      if (!in_message_) return "a continuation without a message";
      break;
    case Opcode::kBinary:
      if (in_message_) return "a new message within another";
      break;
    case Opcode::kText:
      return "a text message, where the bytes are no text";
    default:
      return "an unknown opcode";
  }
  in_message_ = !fin;
  return nullptr;
}

}  // namespace sluice::bench
