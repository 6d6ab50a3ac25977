// The id of a session in logs: 16 hexadecimal digits, unique among the sessions of all running
// instances with overwhelming probability. Not a secret.
#pragma once

#include <cstdint>
#include <string>

namespace sluice::base {

class SessionId {
 public:
  SessionId() = default;
  explicit SessionId(uint64_t value) : value_(value) {}
  uint64_t value() const { return value_; }
  std::string ToString() const;

 private:
  uint64_t value_ = 0;
};

/// Creates session ids. One for each worker; not thread-safe. The same seed gives the same ids.
class SessionIdGenerator {
 public:
  explicit SessionIdGenerator(uint64_t seed) : state_(seed) {}
  SessionId Next();

 private:
  uint64_t state_;
};

}  // namespace sluice::base
