#include "sluice/proxy/header_parser.h"

#include <algorithm>

#include "sluice/base/text.h"

#include "proxy/wire.h"

namespace sluice::proxy {
namespace {

constexpr uint16_t ReadU16(const uint8_t* bytes) {
  return static_cast<uint16_t>(bytes[0] << 8 | bytes[1]);
}

/// Removes the next word of a line, which ends at a space or with the line, and returns it.
std::string_view TakeWord(std::string_view& line) {
  const size_t end = std::min(line.find(' '), line.size());
  const std::string_view word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

std::optional<base::IpAddress> ParseAddress(std::string_view word, bool is_v4) {
  const bool looks_like_v6 = word.find(':') != std::string_view::npos;
  if (looks_like_v6 == is_v4 || word.starts_with('[')) return std::nullopt;
  return base::IpAddress::Parse(word);
}

/// Parses the rest of a line after `PROXY TCP4 ` or `PROXY TCP6 `.
std::optional<Endpoints> ParseEndpoints(std::string_view line, bool is_v4) {
  const auto source = ParseAddress(TakeWord(line), is_v4);
  const auto destination = ParseAddress(TakeWord(line), is_v4);
  const auto source_port = base::ParseNumber(TakeWord(line), 65535);
  // Nothing may follow, so the last word is the rest.
  const auto destination_port = base::ParseNumber(line, 65535);
  if (!source || !destination || !source_port || !destination_port) return std::nullopt;
  return Endpoints{{*source, static_cast<uint16_t>(*source_port)},
                   {*destination, static_cast<uint16_t>(*destination_port)}};
}

}  // namespace

base::Bytes HeaderParser::held() const {
  return base::Bytes(kept_).first(status_ == Status::kNone ? size_ : 0);
}

base::Result<size_t, std::string_view> HeaderParser::Feed(base::Bytes bytes) {
  size_t used = 0;
  while (used < bytes.size() && status_ == Status::kIncomplete) {
    if (const Error error = Take(bytes[used++])) return base::Unexpected(*error);
  }
  return used;
}

HeaderParser::Error HeaderParser::Take(uint8_t byte) {
  const bool is_checksum = step_ == Step::kTlvs && tlv_left_ > 0 &&
                           tlv_head_[0] == static_cast<uint8_t>(TlvType::kCrc32c);
  crc_ = AddToCrc32c(crc_, is_checksum ? 0 : byte);
  if (step_ >= Step::kAddresses) --left_;
  if (step_ < Step::kTlvs) kept_[size_++] = byte;
  switch (step_) {
    case Step::kSignature:
      TakeSignature();
      return std::nullopt;
    case Step::kLine:
      return TakeLine();
    case Step::kFixed:
      return TakeFixed();
    case Step::kAddresses:
      TakeAddresses();
      return std::nullopt;
    case Step::kTlvs:
      return TakeTlv(byte);
    case Step::kSkip:
      if (left_ == 0) Finish();
      return std::nullopt;
  }
  return std::nullopt;
}

void HeaderParser::TakeSignature() {
  const std::string_view kept = base::AsText(base::Bytes(kept_).first(size_));
  if (kept == kV1Prefix) {
    step_ = Step::kLine;
  } else if (kept == kV2Signature) {
    step_ = Step::kFixed;
  } else if (!kV1Prefix.starts_with(kept) && !kV2Signature.starts_with(kept)) {
    status_ = Status::kNone;
  }
}

// ---- Version 1, section 2.1 ----

HeaderParser::Error HeaderParser::TakeLine() {
  std::string_view line = base::AsText(base::Bytes(kept_).first(size_));
  if (!line.ends_with("\r\n")) {
    if (size_ < kLongestLine) return std::nullopt;
    return "its line is longer than 107 bytes";
  }
  line.remove_prefix(kV1Prefix.size());
  line.remove_suffix(2);
  const std::string_view protocol = TakeWord(line);
  if (protocol == "TCP4" || protocol == "TCP6") {
    endpoints_ = ParseEndpoints(line, protocol == "TCP4");
    if (!endpoints_) return "its line does not have two addresses and two ports";
  } else if (protocol != "UNKNOWN") {
    return "its protocol is none of TCP4, TCP6 and UNKNOWN";
  }
  Finish();
  return std::nullopt;
}

// ---- Version 2, section 2.2 ----

HeaderParser::Error HeaderParser::TakeFixed() {
  if (size_ < kFixedSize) return std::nullopt;
  const uint8_t command = kept_[12] & 0x0f;
  const uint8_t family = kept_[13];
  if ((kept_[12] & 0xf0) != kVersion2) return "its version is not 2";
  if (command != kLocal && command != kProxy) return "its command is neither LOCAL nor PROXY";
  if ((family & 0xf0) > 0x30 || (family & 0x0f) > 2) {
    return "its address family or its transport is unknown";
  }
  left_ = ReadU16(&kept_[14]);
  step_ = Step::kSkip;
  constexpr std::array<size_t, 4> kSizes = {0, kV4Size, kV6Size, kUnixSize};
  if (command == kProxy) {
    if (left_ < kSizes[family >> 4]) return "its length has no room for the addresses";
    if (family == kTcpOverV4 || family == kTcpOverV6) {
      address_size_ = kSizes[family >> 4];
      step_ = Step::kAddresses;
    }
  }
  if (left_ == 0) Finish();
  return std::nullopt;
}

void HeaderParser::TakeAddresses() {
  if (size_ < kFixedSize + address_size_) return;
  const base::Bytes block = base::Bytes(kept_).subspan(kFixedSize, address_size_);
  const size_t each = address_size_ / 2 - 2;
  endpoints_ = {
      {base::IpAddress::FromBytes(block.first(each)), ReadU16(&block[2 * each])},
      {base::IpAddress::FromBytes(block.subspan(each, each)), ReadU16(&block[2 * each + 2])}};
  step_ = Step::kTlvs;
  if (left_ == 0) Finish();
}

HeaderParser::Error HeaderParser::TakeTlv(uint8_t byte) {
  const bool is_crc = tlv_head_[0] == static_cast<uint8_t>(TlvType::kCrc32c);
  if (tlv_left_ > 0) {
    if (is_crc) announced_crc_ = *announced_crc_ << 8 | byte;
    --tlv_left_;
  } else {
    tlv_head_[tlv_head_size_++] = byte;
    if (tlv_head_size_ == tlv_head_.size()) {
      tlv_head_size_ = 0;
      tlv_left_ = ReadU16(&tlv_head_[1]);
      if (tlv_left_ > left_) return "a TLV of it is longer than the header";
      if (tlv_head_[0] == static_cast<uint8_t>(TlvType::kCrc32c)) {
        if (tlv_left_ != 4 || announced_crc_) return "its checksum is not one of four bytes";
        announced_crc_ = 0;
      }
    }
  }
  return left_ == 0 ? FinishTlvs() : std::nullopt;
}

HeaderParser::Error HeaderParser::FinishTlvs() {
  if (tlv_head_size_ != 0) return "a TLV of it is longer than the header";
  if (announced_crc_ && *announced_crc_ != ~crc_) return "its checksum is wrong";
  Finish();
  return std::nullopt;
}

}  // namespace sluice::proxy
