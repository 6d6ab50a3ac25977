// Messages of the kinds that a compressor treats differently, random but with a fixed seed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "seed.h"

namespace sluice::websocket::testing {

/// "Hello", compressed (RFC 7692 section 7.2.3.1).
inline const std::string kCompressedHello("\xf2\x48\xcd\xc9\xc9\x07\x00", 7);

class RandomMessages : public test::Seeded {
 protected:
  /// Of up to `most` bytes: noise, text of few words, or long runs.
  std::string Message(size_t most) {
    const size_t size = OneIn(10) ? 0 : Between(1, most);
    const uint64_t kind = Between(0, 2);
    std::string message;
    while (message.size() < size) {
      if (kind == 0) {
        message += static_cast<char>(Byte());
      } else if (kind == 1) {
        static constexpr std::string_view kWords[] = {"alpha ", "beta ", "gamma,", "delta\n", "e"};
        message += kWords[Between(0, 4)];
      } else {
        message.append(Between(1, 300), static_cast<char>('a' + Between(0, 1)));
      }
    }
    message.resize(size);
    return message;
  }

  /// A size for each piece, most of them small.
  size_t PieceSize() { return OneIn(3) ? 1 : Between(1, OneIn(2) ? 8 : 5000); }
};

}  // namespace sluice::websocket::testing
