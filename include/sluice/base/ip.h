// IP addresses and ranges of them as plain values: to compare, to count by, to match. Pure.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sluice/base/result.h"

namespace sluice::base {

/// An IPv4 or IPv6 address without a port. An IPv4 address is held as `::ffff:a.b.c.d`, and one
/// that came in that form is the same address (RFC 4291 section 2.5.5.2): who is kept out as one
/// does not get in as the other. The default value is `::`.
class IpAddress {
 public:
  IpAddress() = default;
  /// Of 4 or 16 bytes in network order; any other number gives `::`.
  static IpAddress FromBytes(std::span<const uint8_t> bytes);
  /// `10.0.0.1`, `fd00::5`, also in brackets; no zone, no port. Nothing if it is anything else.
  static std::optional<IpAddress> Parse(std::string_view text);

  bool is_v4() const;
  /// Returns true for an address of the machine itself: 127.0.0.0/8 and ::1.
  bool IsLoopback() const;
  /// Returns true for fe80::/10: each link has the same addresses, so that a zone must say which
  /// link is meant (RFC 4007 section 6).
  bool IsLinkLocal() const;
  /// All 16, in network order.
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }

  /// With all but the first `length` bits set to zero; of an IPv4 address, 96 bits come before its
  /// own.
  IpAddress Prefix(int length) const;

  /// `10.0.0.1`, `fd00::5`.
  std::string ToString() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  std::array<uint8_t, 16> bytes_{};
};

/// A CIDR block (RFC 4632, RFC 4291 section 2.3).
class IpRange {
 public:
  /// `10.0.0.0/8`, `fd00::/8`, or one address. The error is one sentence: bits behind the prefix
  /// that are not zero are an error, since what was meant is not clear.
  static Result<IpRange, std::string> Parse(std::string_view text);

  /// A range of IPv6, be it `::/0`, holds no IPv4 address.
  bool Contains(const IpAddress& address) const {
    return address.is_v4() == first_.is_v4() && address.Prefix(length_) == first_;
  }
  /// Whether all of `other` lies in it.
  bool Covers(const IpRange& other) const {
    return other.length_ >= length_ && Contains(other.first_);
  }
  std::string ToString() const;

  bool operator==(const IpRange&) const = default;

 private:
  IpRange(const IpAddress& first, int length) : first_(first), length_(length) {}

  IpAddress first_;
  int length_ = 128;  // Of 128, for IPv4 as well.
};

}  // namespace sluice::base
