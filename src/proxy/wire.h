// The constants of the PROXY protocol's wire format.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::proxy {

inline constexpr std::string_view kV1Prefix = "PROXY ";
// A named array: in clang 14 two uses of a literal may have different addresses, and then the begin
// and the end of the view would not belong to the same array.
inline constexpr char kV2SignatureText[] = "\r\n\r\n\0\r\nQUIT\n";
inline constexpr std::string_view kV2Signature{kV2SignatureText, sizeof(kV2SignatureText) - 1};

// Section 2.2. The fixed part: signature, version and command, family and transport, length of the
// rest.
inline constexpr size_t kFixedSize = 16;
inline constexpr uint8_t kVersion2 = 0x20;
inline constexpr uint8_t kLocal = 0;
inline constexpr uint8_t kProxy = 1;
inline constexpr uint8_t kUnspecified = 0x00;
inline constexpr uint8_t kTcpOverV4 = 0x11;
inline constexpr uint8_t kTcpOverV6 = 0x21;

// Two addresses, then two ports.
inline constexpr size_t kV4Size = 2 * 4 + 2 * 2;
inline constexpr size_t kV6Size = 2 * 16 + 2 * 2;
inline constexpr size_t kUnixSize = 2 * 108;

enum class TlvType : uint8_t {
  kAlpn = 0x01,
  kAuthority = 0x02,
  kCrc32c = 0x03,
  kUniqueId = 0x05,
  kSsl = 0x20,
  kSslVersion = 0x21,
  kSslCommonName = 0x22,
  kSslCipher = 0x23,
};

// Bits of the client's byte in kSsl.
inline constexpr uint8_t kClientSsl = 0x01;
inline constexpr uint8_t kClientCertificateOnConnection = 0x02;
inline constexpr uint8_t kClientCertificateInSession = 0x04;

/// Continues a CRC-32C (RFC 9260 appendix A) with one more byte. The first value has all bits set;
/// the result is the inverted last value.
constexpr uint32_t AddToCrc32c(uint32_t crc, uint8_t byte) {
  constexpr auto kTable = [] {
    std::array<uint32_t, 256> table{};
    for (uint32_t i = 0; i < table.size(); ++i) {
      uint32_t value = i;
      for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) * 0x82f63b78U);
      table[i] = value;
    }
    return table;
  }();
  return (crc >> 8) ^ kTable[(crc ^ byte) & 0xff];
}

}  // namespace sluice::proxy
