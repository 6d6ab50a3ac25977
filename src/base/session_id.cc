#include "sluice/base/session_id.h"

#include <string_view>

namespace sluice::base {

std::string SessionId::ToString() const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text(16, '0');
  uint64_t rest = value_;
  for (size_t i = text.size(); i-- > 0; rest >>= 4) text[i] = kDigits[rest & 0xf];
  return text;
}

SessionId SessionIdGenerator::Next() {
  // SplitMix64: a bijection of a counter, so no id is repeated within 2^64 calls.
  state_ += 0x9e3779b97f4a7c15u;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return SessionId(z ^ (z >> 31));
}

}  // namespace sluice::base
