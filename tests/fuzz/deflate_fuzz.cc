// permessage-deflate both ways. The first four bytes of an input say how it is cut and in which
// session; the rest is taken twice:
//   as a message, which is compressed and must come back, through a plain peer and through ours;
//   as payload, which must inflate to the same, or fail the same, however it is cut, and to the
//   same as at a plain peer where that takes it.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "../unit/websocket/deflate_peer.h"

namespace {

using sluice::websocket::Deflater;
using sluice::websocket::DeflateShape;
using sluice::websocket::InflateLimits;
using sluice::websocket::Inflater;
using sluice::websocket::ZlibPool;
using sluice::websocket::testing::CompressInPieces;
using sluice::websocket::testing::Inflated;
using sluice::websocket::testing::InflateInPieces;
using sluice::websocket::testing::PeerInflater;

// So that a bomb costs no time.
constexpr InflateLimits kLimits{.message = 1 << 18};

ZlibPool pool;  // Lives on, so that a state that is used again is seen to be as good as new.

void Require(bool condition) {
  if (!condition) std::abort();
}

struct Session {
  explicit Session(const uint8_t* data)
      : random(data[0] + 1u),
        most(data[1] % 2 == 0 ? 8 : 3000),
        shape{9 + data[2] % 7, 1 + data[2] % 9},
        takeover(data[3] % 2 == 0) {}

  size_t Size() { return 1 + random() % most; }

  std::minstd_rand random;
  size_t most;
  DeflateShape shape;
  bool takeover;
};

void RoundTrip(Session session, std::string_view message) {
  Deflater deflater(pool, session.shape, session.takeover);
  Inflater inflater(pool, session.shape.window_bits, session.takeover, {.message = message.size()});
  PeerInflater peer(session.shape.window_bits, session.takeover);
  for (int i = 0; i < 2; ++i) {
    const std::string payload = CompressInPieces(
        deflater, message, [&] { return session.Size(); },
        [&] { return Deflater::kMinOutput - 1 + session.Size(); });
    Require(peer.Decompress(payload) == message);
    const auto size = [&] { return session.Size(); };
    const Inflated inflated = InflateInPieces(inflater, payload, size, size);
    Require(inflated.status == Inflater::Status::kDone && inflated.message == message);
  }
}

// Two messages, cut in the middle, so that the second finds a window.
void Receive(Session session, const std::string& payload) {
  Inflater whole(pool, 15, session.takeover, kLimits);
  Inflater pieces(pool, 15, session.takeover, kLimits);
  PeerInflater peer(15, session.takeover);
  bool peer_is_good = true;
  for (const std::string& part :
       {payload.substr(0, payload.size() / 2), payload.substr(payload.size() / 2)}) {
    const Inflated expected = InflateInPieces(whole, part);
    const auto size = [&] { return session.Size(); };
    const Inflated cut = InflateInPieces(pieces, part, size, size);
    Require(cut.status == expected.status);
    // The peer knows no final blocks, and none of the messages that end without a tail.
    const auto reference = peer_is_good ? peer.Decompress(part) : std::nullopt;
    peer_is_good = reference.has_value();
    if (reference && reference->size() > kLimits.message) {
      Require(expected.status == Inflater::Status::kTooLarge);
    } else if (reference) {
      Require(expected.status == Inflater::Status::kDone && expected.message == *reference);
    }
    if (expected.status != Inflater::Status::kDone) return;
    Require(cut.message == expected.message);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 4) return 0;
  const std::string rest(reinterpret_cast<const char*>(data) + 4, size - 4);
  RoundTrip(Session(data), rest);
  Receive(Session(data), rest);
  return 0;
}
