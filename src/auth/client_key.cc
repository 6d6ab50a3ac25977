#include "sluice/auth/client_key.h"

#include <cstdint>
#include <random>

namespace sluice::auth {
namespace {

size_t Secret() {
  static const size_t secret = [] {
    std::random_device device;
    return size_t{device()} << 32 | device();
  }();
  return secret;
}

}  // namespace

size_t ClientKeyHash::operator()(const ClientKey& key) const {
  // FNV-1a from a secret start, then mixed, because the low bits alone would reveal the start.
  uint64_t hash = 0xcbf29ce484222325ULL ^ Secret() ^ key.route;
  for (const char c : key.who) {
    hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3ULL;
    hash ^= hash >> 29;
  }
  return static_cast<size_t>(hash);
}

std::string AddressKey(const base::IpAddress& address) {
  const base::IpAddress kept = address.is_v4() ? address : address.Prefix(64);
  return {kept.bytes().begin(), kept.bytes().end()};
}

}  // namespace sluice::auth
