// Parses a PROXY header of version 1 or 2 from the first bytes of a connection, which may come in
// pieces of any size. Allocates nothing: only the addresses of a header are kept.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/proxy/header.h"

namespace sluice::proxy {

class HeaderParser {
 public:
  enum class Status : uint8_t {
    kIncomplete,
    kHeader,  ///< the header is complete; the bytes after it belong to the connection
    kNone,    ///< the connection does not begin with a header
  };

  /// Consumes bytes of an incomplete header, and returns their number. Consumes no byte after the
  /// header. The error says in a few words what is wrong; after it, do not call Feed again.
  base::Result<size_t, std::string_view> Feed(base::Bytes bytes);

  Status status() const { return status_; }

  /// Returns the connection of a complete header. Returns nothing for the command LOCAL, which a
  /// load balancer sends for its own connections, and for protocols other than TCP over IP.
  const std::optional<Endpoints>& endpoints() const { return endpoints_; }

  /// Returns the consumed bytes if they turned out to be no header.
  base::Bytes held() const;

 private:
  enum class Step : uint8_t { kSignature, kLine, kFixed, kAddresses, kTlvs, kSkip };
  using Error = std::optional<std::string_view>;

  Error Take(uint8_t byte);
  void TakeSignature();
  Error TakeLine();
  Error TakeFixed();
  void TakeAddresses();
  Error TakeTlv(uint8_t byte);
  Error FinishTlvs();
  void Finish() { status_ = Status::kHeader; }

  static constexpr size_t kLongestLine = 107;  // Section 2.1, with its CRLF.

  Status status_ = Status::kIncomplete;
  Step step_ = Step::kSignature;
  std::array<uint8_t, kLongestLine> kept_{};
  size_t size_ = 0;  // The bytes of it that are used.
  std::optional<Endpoints> endpoints_;

  // Version 2.
  size_t address_size_ = 0;
  size_t left_ = 0;  // The missing bytes of the header.
  std::array<uint8_t, 3> tlv_head_{};
  size_t tlv_head_size_ = 0;
  size_t tlv_left_ = 0;  // The missing bytes of its value.
  uint32_t crc_ = 0xffffffff;
  std::optional<uint32_t> announced_crc_;
};

}  // namespace sluice::proxy
