// Random inputs that can be had again: a property test names its seed when it fails, and the
// environment variable SLUICE_TEST_SEED sets another one.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace sluice::test {

inline constexpr uint64_t kDefaultSeed = 20240607;

/// SLUICE_TEST_SEED, a decimal number, or the default. Anything else fails the running test.
inline uint64_t TestSeed() {
  const char* text = std::getenv("SLUICE_TEST_SEED");
  if (text == nullptr) return kDefaultSeed;
  char* end = nullptr;
  const uint64_t seed = std::strtoull(text, &end, 10);
  if (end == text || *end != '\0') {
    ADD_FAILURE() << "SLUICE_TEST_SEED is '" << text << "', but must be a decimal number";
  }
  return seed;
}

/// The fixture of a property test: `random()`, and the seed in the output of each failure.
class Seeded : public ::testing::Test {
 protected:
  std::mt19937_64& random() { return random_; }

  /// A number from `low` to `high`, both included.
  uint64_t Between(uint64_t low, uint64_t high) {
    return std::uniform_int_distribution<uint64_t>(low, high)(random_);
  }
  bool OneIn(uint64_t n) { return Between(1, n) == 1; }
  uint8_t Byte() { return static_cast<uint8_t>(Between(0, 255)); }

 private:
  const uint64_t seed_ = TestSeed();
  std::mt19937_64 random_{seed_};
  const ::testing::ScopedTrace trace_{__FILE__, __LINE__,
                                      "to repeat: SLUICE_TEST_SEED=" + std::to_string(seed_)};
};

}  // namespace sluice::test
