// The client's role: what a server sends is read, and what we send to it is masked.
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/websocket/frame_reader.h"
#include "sluice/websocket/frame_writer.h"

#include "websocket/client_frames.h"
#include "websocket/transcript.h"

namespace sluice::websocket {
namespace {

using testing::ClientFrame;
using testing::Item;
using testing::kTestKey;
using testing::ReadInPieces;
using testing::Wire;
using Kind = Item::Kind;

std::string BinaryPayload(size_t size) {
  std::string payload(size, '\0');
  for (size_t i = 0; i < size; ++i) payload[i] = static_cast<char>(i * 7 + 1);
  return payload;
}

Wire FromServer(Opcode opcode, std::string payload, bool fin = true) {
  return ClientFrame{.opcode = opcode, .payload = std::move(payload), .fin = fin, .masked = false}
      .Bytes();
}

/// What a reader in the client's role tells of `wire`, read in pieces of `piece` bytes, the payload
/// moved together: "T" or "B" begins a message, "." ends it.
std::string Told(const Wire& wire, size_t piece) {
  FrameReader reader(/*compression=*/false, Sender::kServer);
  std::string told;
  for (size_t at = 0; at < wire.size(); at += piece) {
    std::string scratch = wire.substr(at, piece);
    base::MutableBytes in(reinterpret_cast<uint8_t*>(scratch.data()), scratch.size());
    uint8_t* out = in.data();
    for (;;) {
      const FrameEvent event = reader.Next(in, out);
      const std::string payload(base::AsText(event.payload));
      if (event.kind == FrameEvent::Kind::kNeedMore) break;
      if (event.kind == FrameEvent::Kind::kViolation) {
        return told + " !" + std::string(ToString(event.violation));
      }
      if (event.kind == FrameEvent::Kind::kPayload) {
        out += payload.size();
        if (event.begins_message) told += event.is_text ? "T" : "B";
        told += payload + (event.ends_message ? "." : "");
      } else {
        told += (event.kind == FrameEvent::Kind::kPing   ? " ping "
                 : event.kind == FrameEvent::Kind::kPong ? " pong "
                                                         : " close ") +
                payload;
        if (event.kind == FrameEvent::Kind::kClose) return told;
      }
    }
  }
  return told;
}

TEST(ClientRoleTest, ReadsUnmaskedFramesHoweverTheyAreCut) {
  const std::string longer = BinaryPayload(70'000);
  const Wire wire = FromServer(Opcode::kText, "hello") + FromServer(Opcode::kBinary, "", false) +
                    FromServer(Opcode::kPing, "p") + FromServer(Opcode::kContinuation, longer) +
                    FromServer(Opcode::kBinary, BinaryPayload(300)) +
                    FromServer(Opcode::kPong, "") + FromServer(Opcode::kClose, "\x03\xe8 bye");
  const std::string expected =
      "Thello.B ping p" + longer + ".B" + BinaryPayload(300) + ". pong  close \x03\xe8 bye";
  for (const size_t piece : {1, 2, 3, 5, 7, 64, 4096, 200'000}) {
    EXPECT_TRUE(Told(wire, piece) == expected) << "in pieces of " << piece;
  }
}

TEST(ClientRoleTest, AMaskedFrameIsAViolation) {
  const Wire wire = FromServer(Opcode::kBinary, "a") + testing::Binary("b");
  for (const size_t piece : {1, 2, 100}) {
    EXPECT_EQ(Told(wire, piece), "Ba. !a frame from the server is masked (RFC 6455 section 5.1)");
  }
}

TEST(ClientRoleTest, TheOtherRulesHold) {
  EXPECT_EQ(Told(FromServer(Opcode::kText, "\xff"), 100),
            " !a text message is not UTF-8 (RFC 6455 section 8.1)");
  EXPECT_EQ(Told(FromServer(Opcode::kContinuation, "a"), 100),
            " !a continuation frame without a message to continue (RFC 6455 section 5.4)");
}

TEST(ClientRoleTest, WritesWhatAServerReads) {
  for (const size_t size : {0, 1, 5, 125, 126, 65535, 65536, 100'000}) {
    const std::string payload = BinaryPayload(size);
    std::vector<uint8_t> frame(kMaxClientHeader + size);
    frame.resize(WriteMaskedFrame(frame.data(), 0x82, kTestKey, base::AsBytes(payload)));
    EXPECT_TRUE(base::AsText(frame) == testing::Binary(payload)) << size;
  }
}

TEST(ClientRoleTest, WritesAMaskedClose) {
  std::array<uint8_t, kMaxClientHeader + kMaxControlPayload> frame;
  size_t size = WriteMaskedCloseFrame(frame.data(), kTestKey, 1000, "done");
  EXPECT_EQ(base::AsText(base::Bytes(frame).first(size)), testing::Close(1000, "done"));
  size = WriteMaskedCloseFrame(frame.data(), kTestKey, std::nullopt, "");
  EXPECT_EQ(base::AsText(base::Bytes(frame).first(size)), testing::Close(""));
  size = WriteMaskedCloseFrame(frame.data(), kTestKey, 1000, std::string(200, 'x'));
  EXPECT_EQ(base::AsText(base::Bytes(frame).first(size)),
            testing::Close(1000, std::string(123, 'x')));
}

}  // namespace
}  // namespace sluice::websocket
