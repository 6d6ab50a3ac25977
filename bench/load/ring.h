// The bytes that flow, made once before a run: a known payload, repeated for ever, and the same
// payload as masked client frames. Senders send slices of it, receivers compare with it, so that
// neither costs more than a memcpy or a memcmp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <vector>

#include <sys/uio.h>

namespace sluice::bench {

/// A byte sequence that repeats.
class Ring {
 public:
  Ring() = default;
  explicit Ring(std::vector<uint8_t> bytes) : bytes_(std::move(bytes)) {}

  size_t size() const { return bytes_.size(); }
  const uint8_t* data() const { return bytes_.data(); }

  /// `count` bytes from `position` on, in two parts where they pass the end; at most a whole round.
  std::array<iovec, 2> Slice(size_t position, size_t count) const;

  size_t Advance(size_t position, size_t count) const;

  /// Whether `bytes`, any number of them, are what is in the ring from `position` on.
  bool Matches(size_t position, std::span<const uint8_t> bytes) const;

  /// How many of the first `bytes` are, when not all of them are.
  size_t CountMatching(size_t position, std::span<const uint8_t> bytes) const;

 private:
  std::vector<uint8_t> bytes_;
};

/// Payload in messages of one size, and how it goes on the wire.
struct Traffic {
  size_t message = 0;
  size_t wire_message = 0;  // With its header, if there is one.
  Ring payload;
  Ring wire;
};

/// A stream without messages. The period is a prime, so that no loss of whole buffers goes unseen.
Ring MakeStream(std::mt19937_64& random);

/// Messages of `message` bytes; masked binary frames if `framed`.
Traffic MakeTraffic(size_t message, bool framed, std::mt19937_64& random);

}  // namespace sluice::bench
