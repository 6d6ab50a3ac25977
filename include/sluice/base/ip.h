// IP addresses and ranges of addresses as plain values. Pure.
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

/// An IPv4 or IPv6 address without a port. An IPv4 address is stored as `::ffff:a.b.c.d`, so that
/// an address in that form (RFC 4291 section 2.5.5.2) is the same address: a client that is
/// excluded in one form cannot use the other. The default value is `::`.
class IpAddress {
 public:
  IpAddress() = default;
  /// Returns the address of 4 or 16 bytes in network order, and `::` for any other number of bytes.
  static IpAddress FromBytes(std::span<const uint8_t> bytes);
  /// Parses `10.0.0.1` or `fd00::5`, also in brackets, without zone and port. Returns nothing for
  /// other texts.
  static std::optional<IpAddress> Parse(std::string_view text);

  bool is_v4() const;
  /// Returns true for an address of the machine itself: 127.0.0.0/8 and ::1.
  bool IsLoopback() const;
  /// Returns true for fe80::/10. Each link has the same addresses, so that such an address needs a
  /// zone, which names the link (RFC 4007 section 6).
  bool IsLinkLocal() const;
  /// Returns all 16 bytes, in network order.
  const std::array<uint8_t, 16>& bytes() const { return bytes_; }

  /// Returns the address with all bits after the first `length` set to zero. An IPv4 address begins
  /// after 96 bits.
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
  /// Parses `10.0.0.0/8`, `fd00::/8`, or one address. The error is one sentence. Bits after the
  /// prefix that are not zero are an error, because they make the meaning unclear.
  static Result<IpRange, std::string> Parse(std::string_view text);

  /// A range of IPv6 contains no IPv4 address, not even `::/0`.
  bool Contains(const IpAddress& address) const {
    return address.is_v4() == first_.is_v4() && address.Prefix(length_) == first_;
  }
  /// Returns true if this range contains all of `other`.
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
