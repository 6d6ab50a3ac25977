#include "sluice/base/ip.h"

#include <algorithm>

#include <arpa/inet.h>

#include "sluice/base/text.h"

namespace sluice::base {
namespace {

constexpr std::array<uint8_t, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr int kMappedBits = 96;
constexpr size_t kLongestText = 46;  // And a NUL.

}  // namespace

IpAddress IpAddress::FromBytes(std::span<const uint8_t> bytes) {
  IpAddress address;
  if (bytes.size() == 4) {
    std::copy(kMapped.begin(), kMapped.end(), address.bytes_.begin());
    std::copy(bytes.begin(), bytes.end(), address.bytes_.begin() + kMapped.size());
  } else if (bytes.size() == 16) {
    std::copy(bytes.begin(), bytes.end(), address.bytes_.begin());
  }
  return address;
}

std::optional<IpAddress> IpAddress::Parse(std::string_view text) {
  const bool has_brackets = text.size() > 2 && text.front() == '[' && text.back() == ']';
  const std::string literal(has_brackets ? text.substr(1, text.size() - 2) : text);
  if (literal.find('\0') != std::string::npos) return std::nullopt;
  std::array<uint8_t, 16> bytes{};
  if (!has_brackets && inet_pton(AF_INET, literal.c_str(), bytes.data()) == 1) {
    return FromBytes(std::span(bytes).first(4));
  }
  if (inet_pton(AF_INET6, literal.c_str(), bytes.data()) == 1) return FromBytes(bytes);
  return std::nullopt;
}

bool IpAddress::is_v4() const {
  return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin());
}

bool IpAddress::IsLoopback() const {
  if (is_v4()) return bytes_[kMapped.size()] == 127;
  IpAddress one;
  one.bytes_.back() = 1;
  return *this == one;
}

bool IpAddress::IsLinkLocal() const {
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

IpAddress IpAddress::Prefix(int length) const {
  IpAddress result = *this;
  for (int i = 0; i < 16; ++i) {
    const int kept = std::clamp(length - i * 8, 0, 8);
    result.bytes_[static_cast<size_t>(i)] &= static_cast<uint8_t>(0xff00 >> kept);
  }
  return result;
}

std::string IpAddress::ToString() const {
  std::array<char, kLongestText> text{};
  if (is_v4()) {
    inet_ntop(AF_INET, &bytes_[kMapped.size()], text.data(), text.size());
  } else {
    inet_ntop(AF_INET6, bytes_.data(), text.data(), text.size());
  }
  return text.data();
}

Result<IpRange, std::string> IpRange::Parse(std::string_view text) {
  const std::string expected =
      "expected an address range such as 10.0.0.0/8 or fd00::/8, or one address, found '" +
      std::string(text) + "'";
  const auto slash = text.find('/');
  const auto address = IpAddress::Parse(text.substr(0, slash));
  if (!address) return Unexpected(expected);
  const int before = address->is_v4() ? kMappedBits : 0;
  int length = 128;
  if (slash != std::string_view::npos) {
    const auto number = ParseNumber(text.substr(slash + 1), static_cast<uint64_t>(128 - before));
    if (!number) return Unexpected(expected);
    length = before + static_cast<int>(*number);
  }
  const IpRange range(address->Prefix(length), length);
  if (range.first_ != *address) {
    return Unexpected("'" + std::string(text) + "' has bits behind its prefix; expected " +
                      range.ToString());
  }
  return range;
}

std::string IpRange::ToString() const {
  const int own = first_.is_v4() ? length_ - kMappedBits : length_;
  const bool is_one = length_ == 128;
  return is_one ? first_.ToString() : first_.ToString() + "/" + std::to_string(own);
}

}  // namespace sluice::base
