// SRV records (RFC 2782) in an answer from DNS (RFC 1035 section 4.1). Pure, and safe with any
// bytes.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/base/result.h"
#include "sluice/dns/resolver.h"

namespace sluice::dns {

/// The type of an SRV record (RFC 2782).
inline constexpr uint16_t kTypeSrv = 33;

struct ServiceRecords {
  std::vector<Service> services;  ///< in the order of the answer, at least one
  std::chrono::seconds lifetime;  ///< the shortest of all records, including aliases
};

/// Parses an answer. The parser of c-ares does not return the lifetimes. The error is one sentence.
base::Result<ServiceRecords, std::string> ParseServiceRecords(base::Bytes message);

}  // namespace sluice::dns
