#include "sluice/tls/buffers.h"

namespace sluice::tls {
namespace {

constexpr size_t kRecord = 16 * 1024;  // The most payload of a record (RFC 8446 section 5.1).
constexpr size_t kOverhead = 256;      // More than any cipher adds to one (section 5.2).

constexpr size_t kOutputSize = Buffers::kChunk + 5 * kOverhead;
constexpr size_t kInputSize = 8 * (kRecord + kOverhead);

}  // namespace

Buffers::Buffers()
    : storage_(std::make_unique_for_overwrite<uint8_t[]>(kInputSize + kOutputSize)),
      input_(storage_.get(), kInputSize),
      output_(storage_.get() + kInputSize, kOutputSize) {}

}  // namespace sluice::tls
