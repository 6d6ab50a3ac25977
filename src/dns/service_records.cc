#include "dns/service_records.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>

#include <ares.h>

#include "sluice/base/free_with.h"

namespace sluice::dns {
namespace {

constexpr size_t kHeaderSize = 12;
constexpr uint16_t kTypeCname = 5;
// A lifetime with its highest bit set counts as zero (RFC 2181 section 8).
constexpr uint32_t kMaxLifetime = 0x7fffffff;

/// Reads a message. After a read beyond its end, nothing more is read.
class MessageReader {
 public:
  explicit MessageReader(base::Bytes message) : message_(message) {}

  bool is_good() const { return is_good_; }
  size_t place() const { return place_; }

  void Skip(size_t count) { Read(count); }

  uint16_t Number16() {
    const auto bytes = Read(2);
    return bytes.empty() ? uint16_t{0} : static_cast<uint16_t>(bytes[0] << 8 | bytes[1]);
  }

  uint32_t Number32() {
    const uint32_t high = Number16();
    return high << 16 | Number16();
  }

  /// Reads a name, which may continue elsewhere in the message. Returns it without the final dot.
  std::string Name() {
    if (!is_good_) return {};
    char* text = nullptr;
    long size = 0;
    const int status = ares_expand_name(message_.data() + place_, message_.data(),
                                        static_cast<int>(message_.size()), &text, &size);
    if (status != ARES_SUCCESS) {
      is_good_ = false;
      return {};
    }
    const std::unique_ptr<char, base::FreeWith<ares_free_string>> owner(text);
    Read(static_cast<size_t>(size));
    return text;
  }

 private:
  base::Bytes Read(size_t count) {
    is_good_ = is_good_ && message_.size() - place_ >= count;
    if (!is_good_) return {};
    place_ += count;
    return message_.subspan(place_ - count, count);
  }

  const base::Bytes message_;
  size_t place_ = 0;
  bool is_good_ = true;
};

}  // namespace

base::Result<ServiceRecords, std::string> ParseServiceRecords(base::Bytes message) {
  MessageReader reader(message);
  reader.Skip(4);
  const uint16_t questions = reader.Number16();
  const uint16_t answers = reader.Number16();
  reader.Skip(kHeaderSize - reader.place());
  for (int i = 0; i < questions && reader.is_good(); ++i) {
    reader.Name();
    reader.Skip(4);
  }
  ServiceRecords records{{}, std::chrono::seconds(kMaxLifetime)};
  for (int i = 0; i < answers && reader.is_good(); ++i) {
    reader.Name();
    const uint16_t type = reader.Number16();
    reader.Skip(2);
    const uint32_t lifetime = reader.Number32();
    const uint16_t size = reader.Number16();
    if (type == kTypeSrv || type == kTypeCname) {
      records.lifetime =
          std::min(records.lifetime, std::chrono::seconds(lifetime > kMaxLifetime ? 0 : lifetime));
    }
    if (type != kTypeSrv) {
      reader.Skip(size);
      continue;
    }
    Service service;
    service.priority = reader.Number16();
    service.weight = reader.Number16();
    service.port = reader.Number16();
    service.host = reader.Name();
    if (reader.is_good()) records.services.push_back(std::move(service));
  }
  if (!reader.is_good()) return base::Unexpected("the answer of the DNS server is malformed");
  // "A Target of "." means that the service is decidedly not available at this domain."
  std::erase_if(records.services, [](const Service& s) { return s.host.empty() || s.port == 0; });
  if (records.services.empty()) return base::Unexpected("the service is not offered");
  return records;
}

}  // namespace sluice::dns
