// Reads a PROXY header of version 1 or 2 from the first bytes of a connection, however they are
// cut. Nothing is allocated: of what a header announces, only the addresses are kept.
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
    kHeader,  ///< the header is complete; what follows it is the connection's own
    kNone,    ///< the connection does not begin with a header
  };

  /// Takes `bytes` while incomplete, and returns how many of them it took: none behind the header.
  /// The error says in a few words what is wrong; then nothing more may be fed.
  base::Result<size_t, std::string_view> Feed(base::Bytes bytes);

  Status status() const { return status_; }

  /// Of a complete header. Nothing if it does not tell: of the command LOCAL, by which a load
  /// balancer speaks for itself, and of what is no TCP over IP.
  const std::optional<Endpoints>& endpoints() const { return endpoints_; }

  /// If there is no header: the bytes that were taken before that was known.
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
  size_t size_ = 0;  // Bytes in it.
  std::optional<Endpoints> endpoints_;

  // Version 2.
  size_t address_size_ = 0;
  size_t left_ = 0;  // Bytes of the header still to come.
  std::array<uint8_t, 3> tlv_head_{};
  size_t tlv_head_size_ = 0;
  size_t tlv_left_ = 0;  // Bytes of its value still to come.
  uint32_t crc_ = 0xffffffff;
  std::optional<uint32_t> announced_crc_;
};

}  // namespace sluice::proxy
