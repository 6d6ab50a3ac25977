// Sessions with permessage-deflate.
#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "sluice/session/session.h"

#include "leg/server_messages.h"
#include "seed.h"
#include "session/session_harness.h"
#include "websocket/deflate_peer.h"

namespace sluice::session {
namespace {

using base::Cause;
using leg::testing::Message;
using leg::testing::MessagesIn;
using testing::CloseBody;
using testing::Harness;
using testing::kHead;
using testing::OneRoute;
using testing::Pattern;
using websocket::Opcode;
using websocket::testing::BigEndian;
using websocket::testing::Binary;
using websocket::testing::ClientFrame;
using websocket::testing::Close;
using websocket::testing::PeerDeflater;
using websocket::testing::PeerInflater;
using websocket::testing::PeerOptions;
using websocket::testing::Ping;
using websocket::testing::Text;

constexpr uint8_t kCompressed = websocket::kCompressedBit;

/// A session that has agreed to compress, with or without context takeover in both directions.
struct DeflateHarness : Harness {
  explicit DeflateHarness(bool takeover, settings::Framing framing = settings::StreamFraming(),
                          size_t message_limit = 16 * 1024 * 1024, size_t fail_at = SIZE_MAX)
      : Harness(Config(framing, message_limit), fail_at),
        deflater(PeerOptions{.context_takeover = takeover}) {
    agreement = websocket::DeflateAgreement{.server_context_takeover = takeover,
                                            .client_context_takeover = takeover};
  }
  static settings::Config Config(const settings::Framing& framing, size_t message_limit) {
    settings::Config config = OneRoute();
    config.routes[0].options.framing = framing;
    config.routes[0].options.message_limit = message_limit;
    config.routes[0].options.compression.min_size = 1;
    config.routes[0].options.close_timeout = base::Duration(3'600'000);
    return config;
  }

  /// A compressed message, in fragments of `size` bytes.
  std::string Deflated(std::string_view message, bool is_text = false, size_t size = SIZE_MAX) {
    const std::string payload = deflater.Compress(message);
    std::string wire;
    for (size_t at = 0; at < payload.size(); at += std::min(size, payload.size() - at)) {
      const std::string piece = payload.substr(at, size);
      const Opcode opcode = at != 0   ? Opcode::kContinuation
                            : is_text ? Opcode::kText
                                      : Opcode::kBinary;
      wire += ClientFrame{.opcode = opcode,
                          .payload = piece,
                          .fin = at + piece.size() == payload.size(),
                          .reserved_bits = at == 0 ? kCompressed : uint8_t{0}}
                  .Bytes();
    }
    return wire;
  }

  /// What the client has got, decompressed.
  std::vector<Message> ToClient() {
    std::vector<Message> messages =
        MessagesIn(std::string_view(client.written()).substr(kHead.size()));
    PeerInflater of_client(15, agreement->server_context_takeover);
    for (Message& message : messages) {
      if (message.compressed) message.payload = of_client.Decompress(message.payload).value();
    }
    return messages;
  }
  void ExpectClosed(Cause cause, std::string_view code) {
    Settle();
    // Behind its FIN the backend has answered all that there was to answer.
    if (backend.fin_seen()) backend.End();
    Settle();
    ASSERT_FALSE(ToClient().empty());
    EXPECT_EQ(ToClient().back().opcode, Opcode::kClose);
    client.End();
    backend.End();
    Settle();
    ExpectOver(cause, code);
  }

  PeerDeflater deflater;
};

const settings::LengthPrefixedFraming kPrefixed{.type_byte = true};

class SessionDeflateTest : public ::testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(ContextTakeover, SessionDeflateTest, ::testing::Bool());

TEST_P(SessionDeflateTest, MessagesOfTheClientAreInflated) {
  DeflateHarness h(GetParam());
  h.Start();
  std::string expected;
  for (const size_t size : {0u, 1u, 100u, 100u, 70'000u, 1'000'000u}) {
    h.client.Send(h.Deflated(Pattern(size)) + Binary("as it is"));
    expected += Pattern(size) + "as it is";
  }
  h.Settle();
  // Behind its FIN the backend has answered all that there was to answer.
  if (h.backend.fin_seen()) h.backend.End();
  h.Settle();
  EXPECT_TRUE(h.backend.written() == expected);
}

TEST_P(SessionDeflateTest, EachReadOfTheBackendIsACompressedMessage) {
  DeflateHarness h(GetParam());
  h.Start();
  std::vector<std::string> sent;
  for (const size_t size : {1u, 100u, 100u, 70'000u, 200'000u}) sent.push_back(Pattern(size));
  for (const auto& bytes : sent) {
    h.backend.Send(bytes);
    h.Settle();
  }
  const auto got = h.ToClient();
  ASSERT_EQ(got.size(), sent.size());
  for (size_t i = 0; i < got.size(); ++i) {
    EXPECT_TRUE(got[i].compressed);
    EXPECT_TRUE(got[i].payload == sent[i]) << i;
  }
}

TEST_P(SessionDeflateTest, EchoesOfAllSizesAndTypes) {
  DeflateHarness h(GetParam(), kPrefixed);
  h.Start();
  const uint64_t seed = test::TestSeed();
  SCOPED_TRACE("to repeat: SLUICE_TEST_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  size_t echoed = 0;
  for (int i = 0; i < 60; ++i) {
    SCOPED_TRACE(i);
    const bool is_text = i % 2 == 0;
    std::string message = Pattern(random() % (1u << (random() % 19)));
    if (is_text) std::fill(message.begin(), message.end(), 'x');
    h.client.Send(h.Deflated(message, is_text, 1 + random() % 5000));
    h.Settle();
    h.backend.Send(h.backend.written().substr(echoed));
    echoed = h.backend.written().size();
    h.Settle();
    const auto got = h.ToClient();
    ASSERT_EQ(got.size(), static_cast<size_t>(i) + 1);
    EXPECT_EQ(got.back().opcode, is_text ? Opcode::kText : Opcode::kBinary);
    EXPECT_TRUE(got.back().payload == message);
    EXPECT_EQ(h.workspace.zlib.idle_inflate(), GetParam() ? 0u : 1u) << "who holds the state";
  }
}

TEST_P(SessionDeflateTest, FramesMayBeCutAnywhere) {
  const std::string text = "Gr\xc3\xbcn, gr\xc3\xbcn, gr\xc3\xbcn";
  for (size_t cut = 1;; ++cut) {
    SCOPED_TRACE(cut);
    DeflateHarness h(GetParam(), kPrefixed);
    h.Start();
    const std::string wire =
        h.Deflated(text, true, 7) + Ping("p") + h.Deflated("") + h.Deflated("b");
    if (cut == wire.size()) return;
    h.client.Send(wire.substr(0, cut));
    h.client.Send(wire.substr(cut));
    EXPECT_EQ(h.backend.written(), BigEndian(text.size(), 4) + '\1' + text + BigEndian(0, 4) +
                                       '\2' + BigEndian(1, 4) + '\2' + 'b');
  }
}

TEST_P(SessionDeflateTest, AByteAtATimeBothWays) {
  DeflateHarness h(GetParam(), kPrefixed);
  h.client.max_read = h.backend.max_read = 1;
  h.client.max_write = h.backend.max_write = 1;
  h.Start();
  h.client.Send(h.Deflated("hello", true) + h.Deflated(Pattern(300)) + h.Deflated("", true));
  h.Settle();
  h.backend.Send(h.backend.written());
  h.Settle();
  const auto got = h.ToClient();
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0].payload, "hello");
  EXPECT_EQ(got[1].payload, Pattern(300));
  EXPECT_EQ(got[2].payload, "");
}

TEST_P(SessionDeflateTest, WhatExpandsIsHeldWhileTheBackendIsFull) {
  DeflateHarness h(GetParam());
  h.Start();
  h.backend.TakeNothing();
  // One read that inflates to 15 MiB.
  const std::string large(5 * 1024 * 1024, 'x');
  std::string wire;
  for (int i = 0; i < 3; ++i) wire += h.Deflated(large);
  ASSERT_LT(wire.size(), workspace::kQueueMark);
  h.client.Send(wire + h.Deflated("end") + Close(1000, ""));
  h.Settle();
  EXPECT_LE(h.to_backend().queued.Value(), 2 * workspace::kQueueMark);
  EXPECT_FALSE(h.ended());
  while (!h.backend.fin_seen()) {
    h.backend.Take(300'000);
    h.Settle();
    EXPECT_LE(h.to_backend().queued.Value(), 2 * workspace::kQueueMark);
  }
  EXPECT_TRUE(h.backend.written() == large + large + large + "end");
  h.client.End();
  h.backend.End();
  h.Settle();
  h.ExpectOver(Cause::kClientClosed, "1000");
}

TEST_P(SessionDeflateTest, WhatExpandsYieldsToOtherSessions) {
  for (const settings::Framing& framing : {settings::Framing(), settings::Framing(kPrefixed)}) {
    DeflateHarness h(GetParam(), framing);
    h.Start();
    const std::string large(10 * 1024 * 1024, 'x');
    h.client.Send(h.Deflated(large));
    EXPECT_LT(h.backend.written().size(), large.size()) << "the first turn has not done all";
    EXPECT_TRUE(h.RunUntil([&] { return h.backend.written().size() >= large.size(); }));
  }
}

TEST_P(SessionDeflateTest, BandwidthIsOfWhatIsInflated) {
  DeflateHarness h(GetParam());
  h.options().bandwidth.to_backend = 40'000;
  h.Start();
  for (int i = 0; i < 4; ++i) h.client.Send(h.Deflated(std::string(500'000, 'x')));
  h.Settle();
  // One step of inflating may go beyond the bound, and is paid for then.
  EXPECT_LT(h.backend.written().size(), 400'000u);
  h.session->Abort();
}

TEST_P(SessionDeflateTest, ABombIsRefused) {
  DeflateHarness h(GetParam(), settings::StreamFraming(), 100'000);
  h.Start();
  h.client.Send(h.Deflated(std::string(100'000, 'x')));
  h.Settle();
  EXPECT_EQ(h.backend.written().size(), 100'000u) << "a message may be that long";
  h.client.Send(h.Deflated(std::string(100'001, 'x')));
  h.ExpectClosed(Cause::kMessageTooBig, "1009");
  EXPECT_NE(h.log.lines[0]["detail"], "-");
}

TEST_P(SessionDeflateTest, ALongMessageThatIsNoBombPasses) {
  DeflateHarness h(GetParam(), settings::StreamFraming(), 1000);
  h.Start();
  h.client.Send(h.Deflated(Pattern(300'000)));
  h.Settle();
  EXPECT_TRUE(h.backend.written() == Pattern(300'000));
}

TEST_P(SessionDeflateTest, CorruptDataIsAProtocolError) {
  DeflateHarness h(GetParam());
  h.Start();
  h.client.Send(Binary("good"));
  h.client.Send(ClientFrame{.payload = "\xff\xff\xff", .reserved_bits = kCompressed}.Bytes());
  EXPECT_EQ(h.backend.written(), "good");
  h.ExpectClosed(Cause::kProtocolError, "1002");
  EXPECT_NE(h.log.lines[0]["detail"].find("RFC 7692"), std::string::npos);
}

TEST_P(SessionDeflateTest, InflatedTextMustBeUtf8) {
  DeflateHarness h(GetParam(), kPrefixed);
  h.Start();
  h.client.Send(h.Deflated("a\xc3", true));
  EXPECT_EQ(h.backend.written(), "");
  h.ExpectClosed(Cause::kInvalidUtf8, "1007");
}

TEST_P(SessionDeflateTest, InflatedTextFailsInTheMiddleOfAMessage) {
  DeflateHarness h(GetParam());
  h.Start();
  const std::string payload = h.deflater.Compress("\xff" + Pattern(3000));
  h.client.Send(ClientFrame{.opcode = Opcode::kText,
                            .payload = payload.substr(0, payload.size() - 5),
                            .fin = false,
                            .reserved_bits = kCompressed}
                    .Bytes());
  h.ExpectClosed(Cause::kInvalidUtf8, "1007");
}

TEST_P(SessionDeflateTest, TheBitIsTheFirstFramesAlone) {
  for (const std::string& wire :
       {ClientFrame{.opcode = Opcode::kPing, .reserved_bits = kCompressed}.Bytes(),
        Binary("a", false) +
            ClientFrame{.opcode = Opcode::kContinuation, .reserved_bits = kCompressed}.Bytes(),
        ClientFrame{.reserved_bits = 0x20}.Bytes(), ClientFrame{.reserved_bits = 0x50}.Bytes()}) {
    DeflateHarness h(GetParam());
    h.Start();
    h.client.Send(wire);
    h.ExpectClosed(Cause::kProtocolError, "1002");
  }
}

TEST_P(SessionDeflateTest, ShortMessagesGoOutAsTheyAre) {
  DeflateHarness h(GetParam(), kPrefixed);
  h.options().compression.min_size = 100;
  h.Start();
  h.backend.Send(BigEndian(99, 4) + '\2' + Pattern(99) + BigEndian(100, 4) + '\2' + Pattern(100));
  h.Settle();
  const auto got = h.ToClient();
  ASSERT_EQ(got.size(), 2u);
  EXPECT_FALSE(got[0].compressed);
  EXPECT_TRUE(got[1].compressed);
  EXPECT_EQ(got[0].payload, Pattern(99));
  EXPECT_EQ(got[1].payload, Pattern(100));
}

TEST_P(SessionDeflateTest, AnIdleSessionHoldsNoCompressor) {
  DeflateHarness h(GetParam());
  h.options().keepalive.ping_interval = base::Duration(20);
  h.Start();
  h.backend.Send(Pattern(1000));
  EXPECT_EQ(h.workspace.zlib.idle_deflate(), GetParam() ? 0u : 1u);
  EXPECT_TRUE(h.RunUntil([&] { return h.workspace.zlib.idle_deflate() == 1; }));
  h.backend.Send(Pattern(1000));
  h.Settle();
  std::string got;
  for (const Message& message : h.ToClient()) {
    if (message.opcode == Opcode::kBinary) got += message.payload;
  }
  EXPECT_TRUE(got == Pattern(1000) + Pattern(1000)) << "the client need not know";
}

TEST_P(SessionDeflateTest, AMessageThatComesInPartsIsOneMessage) {
  DeflateHarness h(GetParam(), kPrefixed);
  h.Start();
  const std::string packed = BigEndian(400'000, 4) + '\1' + std::string(400'000, 'x');
  for (size_t at = 0; at < packed.size(); at += 50'000) {
    h.backend.Send(packed.substr(at, 50'000));
    h.client.Send(Ping("p"));
    h.Settle();
  }
  const auto got = h.ToClient();
  const auto message = std::find_if(got.begin(), got.end(),
                                    [](const Message& one) { return one.opcode != Opcode::kPong; });
  ASSERT_NE(message, got.end());
  EXPECT_EQ(message->opcode, Opcode::kText);
  EXPECT_TRUE(message->compressed);
  EXPECT_TRUE(message->payload == std::string(400'000, 'x'));
}

TEST_P(SessionDeflateTest, AFaultAtEveryCall) {
  for (size_t fail_at = 1;; ++fail_at) {
    SCOPED_TRACE("fault at call " + std::to_string(fail_at));
    ASSERT_LT(fail_at, 3000u);
    DeflateHarness h(GetParam(), kPrefixed, 16 * 1024 * 1024, fail_at);
    h.client.TakeNothing();
    h.Start(base::AsBytes(Text("early")));
    h.client.Send(h.Deflated(Pattern(1000), false, 300) + Ping("p"));
    h.backend.TakeNothing();
    h.client.Send(h.Deflated(std::string(2 * workspace::kQueueMark, 'x'), true));
    h.client.Send(h.Deflated(std::string(2 * workspace::kQueueMark, 'y'), true, 100));
    h.backend.Send(BigEndian(2 * workspace::kQueueMark, 4) + '\2' +
                   Pattern(2 * workspace::kQueueMark));
    h.client.Take(workspace::kQueueMark);
    h.backend.Take(workspace::kQueueMark);
    h.client.Take();
    h.backend.Take();
    h.Settle();
    h.client.SendAndEnd(Close(1000, ""));
    h.backend.SendAndEnd(BigEndian(5, 4) + '\2' + "cut");
    h.Settle();
    if (!h.ended()) {
      h.client.End();
      h.backend.End();
      h.Settle();
    }
    h.ExpectOver();
    if (HasFailure() || h.faults.calls < fail_at) return;
  }
}

}  // namespace
}  // namespace sluice::session
