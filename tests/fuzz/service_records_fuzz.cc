// An answer from DNS: no bytes crash the parser of SRV records, and what it takes is whole.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "dns/service_records.h"

namespace {

void Require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto records = sluice::dns::ParseServiceRecords({data, size});
  if (!records) {
    Require(!records.error().empty());
    return 0;
  }
  Require(!records->services.empty());
  Require(records->lifetime >= std::chrono::seconds(0));
  for (const auto& service : records->services) {
    Require(!service.host.empty() && service.port != 0);
  }
  return 0;
}
