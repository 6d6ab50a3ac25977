// The handshake of a TLS stream, and what its protocol does later.
#include <algorithm>
#include <array>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "sluice/tls/stream.h"

#include "tls/stream_fixture.h"

namespace sluice::tls {
namespace {

using testing::kKiB;
using testing::TlsClient;
using testing::TlsStreamTest;
using Handshake = net::TlsState::Handshake;
using Status = net::IoResult::Status;

TEST_F(TlsStreamTest, TakesNothingBeforeTheHandshakeIsOver) {
  client = std::make_unique<TlsClient>();
  Accept();
  EXPECT_EQ(stream->tls()->handshake, Handshake::kUnderWay);
  EXPECT_FALSE(stream->writable());
  EXPECT_FALSE(stream->readable());
  EXPECT_EQ(Write("early").status, Status::kWouldBlock);
  peer->Send(client->Output());
  EXPECT_FALSE(stream->writable());
  EXPECT_EQ(stream->tls()->handshake, Handshake::kUnderWay);
  EXPECT_GT(peer->written().size(), 0u);
  Exchange();
  EXPECT_EQ(stream->tls()->handshake, Handshake::kDone);
  EXPECT_FALSE(stream->tls()->is_resumed);
  EXPECT_TRUE(stream->writable());
}

TEST_F(TlsStreamTest, PassesThroughWhatIsNotTls) {
  for (const size_t size : {3u, 1000u}) {
    read_size = size;
    Accept();
    peer->Send("GET / HTTP/1.1\r\n");
    EXPECT_EQ(stream->tls()->handshake, Handshake::kNotTls);
    EXPECT_TRUE(stream->writable());
    peer->Send("\r\n");
    EXPECT_EQ(all, "GET / HTTP/1.1\r\n\r\n");
    EXPECT_EQ(Write("HTTP/1.1 400 x").bytes, 14u);
    EXPECT_EQ(peer->written(), "HTTP/1.1 400 x");
    stream->ShutdownWrite();
    EXPECT_TRUE(peer->fin_seen());
    peer->End();
    EXPECT_EQ(end.status, Status::kEnd);
    EXPECT_FALSE(stream->readable());
  }
}

TEST_F(TlsStreamTest, ReadsAnInnerStreamWithoutBytesOnce) {
  Accept();
  std::array<uint8_t, 100> buffer;
  EXPECT_EQ(stream->Read(buffer).status, Status::kWouldBlock);
  EXPECT_EQ(peer->reads(), 1u) << "a second read could return TLS as payload";
  EXPECT_EQ(stream->tls()->handshake, Handshake::kUnderWay);
}

TEST_F(TlsStreamTest, TellsAHandshakeThatEndedEarly) {
  for (const bool with_hello : {false, true}) {
    client = std::make_unique<TlsClient>();
    Accept();
    if (with_hello) peer->Send(client->Output());
    peer->End();
    EXPECT_EQ(end.status, Status::kEnd);
    EXPECT_EQ(stream->tls()->handshake, Handshake::kUnderWay);
    EXPECT_FALSE(stream->readable());

    Accept();
    peer->Reset();
    EXPECT_EQ(end.status, Status::kError);
    EXPECT_EQ(end.error, ECONNRESET);
    EXPECT_EQ(stream->tls()->handshake, Handshake::kUnderWay);
  }
}

TEST_F(TlsStreamTest, TellsAHandshakeThatMakesNoSense) {
  Accept();
  peer->Send("\x16 and then some");
  EXPECT_EQ(end.status, Status::kError);
  EXPECT_EQ(stream->tls()->handshake, Handshake::kFailed);
  EXPECT_EQ(stream->tls()->failure, "wrong version number");
  EXPECT_EQ(Write("x").status, Status::kWouldBlock);
}

TEST_F(TlsStreamTest, ReadsTheBytesThatCameWithTheHandshake) {
  client = std::make_unique<TlsClient>();
  Accept();
  peer->Send(client->Output());
  client->TakeFrom(*peer);
  client->Write("right behind");
  client->CloseNotify();
  peer->SendAndEnd(client->Output());
  EXPECT_EQ(stream->tls()->handshake, Handshake::kDone);
  EXPECT_EQ(all, "right behind");
  EXPECT_EQ(end.status, Status::kEnd);
}

TEST_F(TlsStreamTest, ChangesItsKeysWhenTheClientWantsThat) {
  Open(TLS1_3_VERSION);
  for (int i = 0; i < 3; ++i) {
    client->Write("before ");
    client->RequestKeyUpdate();
    client->Write("after ");
    Exchange();
    ASSERT_EQ(Write("answer ").bytes, 7u);
    Exchange();
  }
  EXPECT_EQ(all, "before after before after before after ");
  EXPECT_EQ(client->received(), "answer answer answer ");
}

TEST_F(TlsStreamTest, DoesNotReadAPeerThatHeapsUpAnswersAndTakesNone) {
  Open(TLS1_3_VERSION);
  peer->TakeNothing();
  std::string expected;
  size_t most = 0;
  // Each change of keys is answered; a word behind it shows that it is not a mere flood.
  for (int i = 0; i < 20'000 && stream->UnacknowledgedBytes() < 1024 * kKiB; ++i) {
    client->RequestKeyUpdate();
    client->Write("x");
    expected += 'x';
    peer->Send(client->Output());
    most = std::max(most, stream->UnacknowledgedBytes());
  }
  EXPECT_LT(all.size(), expected.size()) << "it was read on and on";
  EXPECT_LT(most, 200 * kKiB);
  EXPECT_FALSE(stream->readable());
  peer->Take();
  EXPECT_EQ(all, expected) << "and all of it later";
}

TEST_F(TlsStreamTest, LetsGoOfAPeerThatSendsNothingButItsProtocol) {
  Open(TLS1_3_VERSION);
  std::string flood;
  while (flood.size() < 256 * kKiB) {
    client->RequestKeyUpdate();
    flood += client->Output();
  }
  peer->Send(flood);
  EXPECT_EQ(end.status, Status::kError);
  EXPECT_GT(peer->unread(), 0u);
}

TEST_F(TlsStreamTest, OfAPlainConnectionTheStreamBelowCanBeTaken) {
  Open();
  EXPECT_EQ(stream->ReleaseInner(), nullptr) << "this one speaks TLS";
  Accept();
  EXPECT_EQ(stream->ReleaseInner(), nullptr) << "not known yet";
  peer->Send("GET / HTTP/1.1");
  ReadAll();
  EXPECT_EQ(all, "GET / HTTP/1.1");
  const auto plain = stream->ReleaseInner();
  ASSERT_NE(plain, nullptr);
  stream.reset();
  ASSERT_TRUE(peer->is_open());
  peer->Send("more");
  std::array<uint8_t, 16> buffer;
  EXPECT_EQ(plain->Read(buffer).bytes, 4u);
}

}  // namespace
}  // namespace sluice::tls
