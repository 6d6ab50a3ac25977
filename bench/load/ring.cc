#include "load/ring.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "load/client_frame.h"

namespace sluice::bench {
namespace {

// Small enough to stay in a processor's cache beside the buffers of a gateway on the same one.
constexpr size_t kStreamPeriod = 262'139;
constexpr size_t kTrafficPeriod = size_t{256} * 1024;

std::vector<uint8_t> RandomBytes(size_t count, std::mt19937_64& random) {
  std::vector<uint8_t> bytes(count);
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return bytes;
}

}  // namespace

std::array<iovec, 2> Ring::Slice(size_t position, size_t count) const {
  const size_t first = std::min(count, size() - position);
  auto* begin = const_cast<uint8_t*>(bytes_.data());  // An iovec has no const.
  return {iovec{begin + position, first}, iovec{begin, count - first}};
}

size_t Ring::Advance(size_t position, size_t count) const {
  position += count;
  return position < size() ? position : position % size();
}

bool Ring::Matches(size_t position, std::span<const uint8_t> bytes) const {
  while (!bytes.empty()) {
    const size_t part = std::min(bytes.size(), size() - position);
    if (std::memcmp(bytes_.data() + position, bytes.data(), part) != 0) return false;
    bytes = bytes.subspan(part);
    position = 0;
  }
  return true;
}

size_t Ring::CountMatching(size_t position, std::span<const uint8_t> bytes) const {
  size_t count = 0;
  while (count < bytes.size() && bytes[count] == bytes_[(position + count) % size()]) ++count;
  return count;
}

Ring MakeStream(std::mt19937_64& random) {
  return Ring(RandomBytes(kStreamPeriod, random));
}

Traffic MakeTraffic(size_t message, bool framed, std::mt19937_64& random) {
  // One more than fits: a usual buffer that is lost is no whole number of periods. And enough for
  // the loss of one message, or of two, to be seen.
  const size_t messages = std::max<size_t>(kTrafficPeriod / message + 1, 3);
  Traffic traffic;
  traffic.message = message;
  traffic.payload = Ring(RandomBytes(messages * message, random));
  std::vector<uint8_t> wire;
  for (size_t i = 0; i < messages; ++i) {
    const uint8_t* payload = traffic.payload.data() + i * message;
    if (framed) {
      AppendClientFrame(wire, Opcode::kBinary, {payload, message}, static_cast<uint32_t>(random()));
    } else {
      wire.insert(wire.end(), payload, payload + message);
    }
  }
  traffic.wire_message = wire.size() / messages;
  traffic.wire = Ring(std::move(wire));
  return traffic;
}

}  // namespace sluice::bench
