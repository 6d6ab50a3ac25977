// The stream by itself, with an OpenSSL client in memory at the far end of a fake connection that
// reads and writes as little at a time as the test wants.
#include "sluice/tls/stream.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "seed.h"
#include "tls/certificates.h"
#include "tls/tls_client.h"

namespace sluice::tls {
namespace {

using leg::testing::FaultPlan;
using testing::FakePeer;
using testing::TlsClient;
using Handshake = net::TlsState::Handshake;
using Status = net::IoResult::Status;

constexpr size_t kKiB = 1024;

std::string Pattern(size_t size, uint32_t seed = 1) {
  std::string text(size, '\0');
  uint32_t x = seed * 2654435761u + 1;
  for (char& c : text) {
    x = x * 1664525u + 1013904223u;
    c = static_cast<char>(x >> 24);
  }
  return text;
}

class TlsStreamTest : public test::Seeded, protected net::StreamHandler {
 protected:
  static void SetUpTestSuite() {
    const tls::testing::CertificateDirectory files;
    auto made = Context::Create({{files.Make("a", "a")}});
    ASSERT_TRUE(made) << made.error();
    context_ = *std::move(made);
  }
  static void TearDownTestSuite() { context_.reset(); }

  void Accept(FaultPlan* faults = nullptr) {
    stream.reset();
    has_faults = faults != nullptr;
    peer = std::make_unique<FakePeer>(faults);
    stream = std::make_unique<Stream>(peer->Connect(), context_, buffers);
    stream->SetHandler(this);
    all.clear();
    end = {};
    told = 0;
  }
  void OnStreamReady() override {
    ++told;
    if (reads_when_told) ReadAll();
  }

  /// Reads as a session does: as long as there is something.
  void ReadAll() {
    while (stream->readable()) {
      std::string buffer(read_size, '\0');
      const net::IoResult got =
          stream->Read({reinterpret_cast<uint8_t*>(buffer.data()), buffer.size()});
      EXPECT_EQ(ERR_peek_error(), 0u) << "the queue of errors is left empty";
      if (got.status == Status::kOk) {
        ASSERT_GT(got.bytes, 0u);
        all.append(buffer, 0, got.bytes);
        continue;
      }
      if (got.status == Status::kWouldBlock) {
        // Unless the answer that it wrote has broken the connection.
        ASSERT_TRUE(!stream->readable() || has_faults) << "a read of nothing uses readiness up";
      } else {
        end = got;
      }
      return;
    }
  }
  net::IoResult Write(std::string_view text) {
    const net::IoResult sent = stream->Write(base::AsBytes(text));
    EXPECT_EQ(ERR_peek_error(), 0u) << "the queue of errors is left empty";
    return sent;
  }

  /// Carries bytes both ways until nothing moves any more.
  void Exchange() {
    for (;;) {
      client->TakeFrom(*peer);
      const std::string bytes = client->Output();
      const bool poked = peer->Poke();
      if (!bytes.empty()) peer->Send(bytes);
      if (bytes.empty() && !poked) return;
    }
  }
  /// A connection whose handshake is over.
  void Open(int version = 0) {
    client = std::make_unique<TlsClient>(TlsClient::Options{version});
    Accept();
    Exchange();
    ASSERT_TRUE(client->is_open()) << client->error();
    ASSERT_EQ(stream->tls()->handshake, Handshake::kDone);
    ASSERT_TRUE(stream->writable());
    ASSERT_FALSE(stream->readable());
  }
  /// What one record of TLS 1.3 with that payload takes.
  static size_t RecordSize(size_t payload) { return 5 + payload + 1 + 16; }

  static std::shared_ptr<const Context> context_;

  Buffers buffers;
  std::unique_ptr<FakePeer> peer;
  std::unique_ptr<TlsClient> client;
  std::unique_ptr<Stream> stream;
  size_t read_size = 256 * kKiB;
  bool reads_when_told = true;
  bool has_faults = false;
  std::string all;  // What was read.
  net::IoResult end;
  int told = 0;
};

std::shared_ptr<const Context> TlsStreamTest::context_;

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

TEST_F(TlsStreamTest, CarriesBytesInPiecesOfAnySize) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    for (int round = 0; round < 20; ++round) {
      client = std::make_unique<TlsClient>(TlsClient::Options{version});
      read_size = OneIn(2) ? Between(1, 100) : Between(1, 300'000);
      Accept();
      peer->max_read = OneIn(3) ? Between(1, 20) : Between(1, 100'000);
      peer->max_write = OneIn(3) ? Between(1, 20) : Between(1, 100'000);
      Exchange();
      ASSERT_TRUE(client->is_open());
      const std::string to_server = Pattern(Between(1, 200'000), 1);
      const std::string to_client = Pattern(Between(1, 200'000), 2);
      size_t sent = 0;
      size_t written = 0;
      while (all.size() < to_server.size() || client->received().size() < to_client.size()) {
        if (sent < to_server.size()) {
          const size_t size = std::min<size_t>(to_server.size() - sent, Between(1, 50'000));
          client->Write(std::string_view(to_server).substr(sent, size));
          sent += size;
        }
        if (written < to_client.size() && stream->writable()) {
          const size_t size = std::min<size_t>(to_client.size() - written, Between(1, 100'000));
          const net::IoResult result = Write(std::string_view(to_client).substr(written, size));
          ASSERT_EQ(result.status, Status::kOk);
          written += result.bytes;
        }
        Exchange();
      }
      ASSERT_EQ(all, to_server);
      ASSERT_EQ(client->received(), to_client);
      ASSERT_EQ(stream->UnacknowledgedBytes(), 0u);
      ASSERT_EQ(stream->bytes_written(), peer->written().size());
    }
  }
}

TEST_F(TlsStreamTest, ManyRecordsLeaveInOneWrite) {
  Open();
  const size_t writes = peer->writes();
  const std::string text = Pattern(256 * kKiB);
  const net::IoResult sent = Write(text);
  EXPECT_EQ(sent.status, Status::kOk);
  EXPECT_EQ(sent.bytes, text.size());
  EXPECT_LE(peer->writes() - writes, 4u) << "of 16 records";
  EXPECT_FALSE(stream->HasUnsent());
  Exchange();
  EXPECT_EQ(client->received(), text);
}

TEST_F(TlsStreamTest, ManyRecordsComeWithOneRead) {
  Open();
  const std::string text = Pattern(64 * kKiB);
  client->Write(text);
  const size_t reads = peer->reads();
  peer->Send(client->Output());
  EXPECT_EQ(all, text);
  EXPECT_LE(peer->reads() - reads, 4u);
}

TEST_F(TlsStreamTest, SaysWhatItHasEncryptedAndKeepsWhatWasNotTaken) {
  Open();
  const size_t before = peer->written().size();
  peer->TakeNothing();
  peer->Take(1000);
  const std::string text = Pattern(256 * kKiB);
  const net::IoResult sent = Write(text);
  EXPECT_EQ(sent.status, Status::kOk);
  EXPECT_EQ(sent.bytes, 64 * kKiB) << "what was encrypted, and no more than that";
  EXPECT_EQ(peer->written().size() - before, 1000u);
  EXPECT_TRUE(stream->HasUnsent());
  EXPECT_FALSE(stream->writable());
  EXPECT_EQ(Write("more").status, Status::kWouldBlock);
  EXPECT_EQ(stream->bytes_written() - before, 4 * RecordSize(16 * kKiB));
  EXPECT_EQ(stream->UnacknowledgedBytes(), 4 * RecordSize(16 * kKiB) - 1000);

  const int told_before = told;
  peer->Take(500);
  EXPECT_EQ(peer->written().size() - before, 1500u) << "sent without being asked";
  EXPECT_FALSE(stream->writable());
  peer->Take();
  EXPECT_GT(told, told_before);
  EXPECT_TRUE(stream->writable());
  EXPECT_FALSE(stream->HasUnsent());
  EXPECT_EQ(stream->UnacknowledgedBytes(), 0u);
  Exchange();
  EXPECT_EQ(client->received(), text.substr(0, sent.bytes));
}

TEST_F(TlsStreamTest, CountsWhatThePeersKernelHasNotTaken) {
  Open();
  peer->unacknowledged = 77;
  EXPECT_EQ(stream->UnacknowledgedBytes(), 77u);
  peer->silent = true;
  EXPECT_TRUE(stream->IsPeerSilent(base::Duration(1)));
}

TEST_F(TlsStreamTest, KeepsWhatAReaderHasNoRoomFor) {
  Open();
  reads_when_told = false;
  read_size = 10;
  const std::string text = Pattern(1'000);
  client->Write(text);
  peer->SendAndEnd(client->Output());
  std::array<uint8_t, 10> piece;
  while (all.size() < 500) {
    ASSERT_TRUE(stream->readable());
    const net::IoResult got = stream->Read(piece);
    if (got.status == Status::kOk) all.append(piece.begin(), piece.end());
  }
  EXPECT_TRUE(stream->readable()) << "a reader that pauses finds the rest later";
  ReadAll();
  EXPECT_EQ(all, text);
  EXPECT_EQ(end.status, Status::kEnd);
}

TEST_F(TlsStreamTest, ShutdownComesBehindAllThatWasWritten) {
  for (const bool slow : {false, true}) {
    Open();
    if (slow) {
      peer->TakeNothing();
      peer->Take(100);
    }
    const std::string text = Pattern(20'000);
    ASSERT_EQ(Write(text).bytes, text.size());
    stream->ShutdownWrite();
    EXPECT_EQ(peer->fin_seen(), !slow);
    EXPECT_EQ(stream->HasUnsent(), slow);
    const int told_before = told;
    if (slow) peer->Take();
    EXPECT_TRUE(peer->fin_seen());
    EXPECT_FALSE(stream->HasUnsent());
    EXPECT_EQ(told > told_before, slow);
    EXPECT_EQ(peer->written_before_fin(), peer->written().size());
    client->TakeFrom(*peer);
    EXPECT_EQ(client->received(), text);
    EXPECT_TRUE(client->saw_close_notify());
    // The other direction lives.
    client->Write("and back");
    peer->Send(client->Output());
    EXPECT_EQ(all, "and back");
  }
}

TEST_F(TlsStreamTest, AnswersNothingBehindItsFin) {
  Open(TLS1_3_VERSION);
  stream->ShutdownWrite();
  client->RequestKeyUpdate();
  client->Write("more");
  peer->Send(client->Output());  // The peer of the fake fails if something is written now.
  EXPECT_EQ(all, "more");
  EXPECT_FALSE(stream->HasUnsent());
}

TEST_F(TlsStreamTest, EndsWithACloseNotify) {
  for (const bool with_data : {false, true}) {
    Open();
    if (with_data) client->Write("last");
    client->CloseNotify();
    peer->Send(client->Output());
    EXPECT_EQ(all, with_data ? "last" : "");
    EXPECT_EQ(end.status, Status::kEnd);
    EXPECT_FALSE(stream->readable());
    // Half-closed: the other direction lives.
    EXPECT_EQ(Write("answer").bytes, 6u);
    client->TakeFrom(*peer);
    EXPECT_EQ(client->received(), "answer");
  }
}

TEST_F(TlsStreamTest, EndsWithAFin) {
  Open();
  client->Write("last");
  peer->SendAndEnd(client->Output());
  EXPECT_EQ(all, "last");
  EXPECT_EQ(end.status, Status::kEnd);
  EXPECT_EQ(Write("answer").bytes, 6u);
}

TEST_F(TlsStreamTest, EndsWithAFinInTheMiddleOfARecord) {
  Open();
  client->Write("whole");
  std::string bytes = client->Output();
  client->Write("torn");
  bytes += client->Output();
  peer->SendAndEnd(std::string_view(bytes).substr(0, bytes.size() - 1));
  EXPECT_EQ(all, "whole");
  EXPECT_EQ(end.status, Status::kEnd);
}

TEST_F(TlsStreamTest, TellsAReset) {
  Open();
  client->Write("last");
  peer->Send(client->Output());
  peer->Reset();
  EXPECT_EQ(all, "last");
  EXPECT_EQ(end.status, Status::kError);
  EXPECT_EQ(end.error, ECONNRESET);
  EXPECT_EQ(Write("x").status, Status::kError);
}

TEST_F(TlsStreamTest, AWriteThatFailsLeavesTheReading) {
  Open();
  reads_when_told = false;
  client->Write("last");
  peer->Send(client->Output());
  peer->Reset();
  EXPECT_EQ(Write("x").status, Status::kError);
  EXPECT_FALSE(stream->HasUnsent());
  ReadAll();
  EXPECT_EQ(all, "last");
  EXPECT_EQ(end.status, Status::kError);
}

TEST_F(TlsStreamTest, ForgetsWhatItKeptWhenTheConnectionBreaks) {
  Open();
  peer->TakeNothing();
  Write("lost");
  stream->ShutdownWrite();
  EXPECT_TRUE(stream->HasUnsent());
  peer->Reset();
  EXPECT_FALSE(stream->HasUnsent());
  EXPECT_EQ(end.status, Status::kError);
}

TEST_F(TlsStreamTest, BreaksAtARecordThatIsNotTheClients) {
  Open();
  client->Write("good");
  const std::string good = client->Output();
  client->Write("forged");
  std::string forged = client->Output();
  forged.back() = static_cast<char>(forged.back() ^ 1);
  peer->Send(good + forged);
  EXPECT_EQ(all, "good");
  EXPECT_EQ(end.status, Status::kError);
  EXPECT_EQ(end.error, EPROTO);
  EXPECT_EQ(stream->tls()->handshake, Handshake::kDone);
  EXPECT_EQ(stream->tls()->failure, "decryption failed or bad record mac");
  EXPECT_EQ(Write("x").status, Status::kError);
  client->TakeFrom(*peer);
  EXPECT_EQ(client->error(), "sslv3 alert bad record mac");
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

TEST_F(TlsStreamTest, StreamsOfAWorkerShareItsBuffers) {
  Open();
  auto first_client = std::move(client);
  auto first_peer = std::move(peer);
  auto first = std::move(stream);
  read_size = 7;
  Open();
  first->SetHandler(nullptr);
  reads_when_told = false;
  std::string first_all;
  std::array<uint8_t, 11> piece;
  const std::string one = Pattern(30'000, 1);
  const std::string two = Pattern(30'000, 2);
  first_client->Write(one);
  first_peer->Send(first_client->Output());
  client->Write(two);
  peer->Send(client->Output());
  while (first->readable() || stream->readable()) {
    const net::IoResult got = first->Read(piece);
    first_all.append(piece.begin(), piece.begin() + static_cast<ptrdiff_t>(got.bytes));
    const net::IoResult other = stream->Read(piece);
    all.append(piece.begin(), piece.begin() + static_cast<ptrdiff_t>(other.bytes));
    if (OneIn(10)) Write("between");
  }
  EXPECT_EQ(first_all, one);
  EXPECT_EQ(all, two);
}

TEST_F(TlsStreamTest, TheHandlerMayDestroyTheStream) {
  struct Destroyer final : net::StreamHandler {
    explicit Destroyer(std::unique_ptr<Stream>& s) : stream(s) {}
    void OnStreamReady() override { stream.reset(); }
    std::unique_ptr<Stream>& stream;
  };
  Open();
  Destroyer destroyer(stream);
  stream->SetHandler(&destroyer);
  client->Write("x");
  peer->Send(client->Output());
  EXPECT_EQ(stream, nullptr);
  EXPECT_FALSE(peer->is_open());
}

TEST_F(TlsStreamTest, AFaultAtAnyReadOrWriteIsAnErrorAndNoMore) {
  const std::string text = Pattern(40'000);
  for (size_t fail_at = 1;; ++fail_at) {
    FaultPlan faults;
    faults.fail_at = fail_at;
    client = std::make_unique<TlsClient>();
    Accept(&faults);
    peer->max_read = 9'000;
    peer->max_write = 9'000;
    Exchange();
    if (client->is_open()) {
      client->Write(text);
      if (stream->writable()) Write(text);
      Exchange();
      client->CloseNotify();
      stream->ShutdownWrite();
      Exchange();
    }
    ReadAll();
    EXPECT_EQ(all, text.substr(0, all.size()));
    EXPECT_EQ(client->received(), text.substr(0, client->received().size()));
    EXPECT_FALSE(stream->readable());
    if (faults.calls < fail_at) {
      EXPECT_EQ(all, text);
      EXPECT_EQ(client->received(), text);
      EXPECT_GT(fail_at, 10u) << "there is something to fail";
      break;
    }
  }
}

TEST_F(TlsStreamTest, OfAPlainConnectionTheStreamBelowCanBeTaken) {
  Open();
  EXPECT_EQ(stream->TakePlain(), nullptr) << "this one speaks TLS";
  Accept();
  EXPECT_EQ(stream->TakePlain(), nullptr) << "not known yet";
  peer->Send("GET / HTTP/1.1");
  ReadAll();
  EXPECT_EQ(all, "GET / HTTP/1.1");
  const auto plain = stream->TakePlain();
  ASSERT_NE(plain, nullptr);
  stream.reset();
  ASSERT_TRUE(peer->is_open());
  peer->Send("more");
  std::array<uint8_t, 16> buffer;
  EXPECT_EQ(plain->Read(buffer).bytes, 4u);
}

}  // namespace
}  // namespace sluice::tls
