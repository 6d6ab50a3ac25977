#include "sluice/base/session_id.h"

#include <array>
#include <cstdio>

namespace sluice::base {

std::string SessionId::ToString() const {
  std::array<char, 17> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value_));
  return text.data();
}

SessionId SessionIdGenerator::Next() {
  // SplitMix64: a bijection of a counter, so no id comes twice within 2^64 calls.
  state_ += 0x9e3779b97f4a7c15u;
  uint64_t z = state_;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return SessionId(z ^ (z >> 31));
}

}  // namespace sluice::base
