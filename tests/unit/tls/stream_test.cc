// What a TLS stream carries, and the buffers that it shares.
#include "sluice/tls/stream.h"

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "tls/stream_fixture.h"

namespace sluice::tls {
namespace {

using leg::testing::FaultPlan;
using testing::kKiB;
using testing::Pattern;
using testing::TlsClient;
using testing::TlsStreamTest;
using Status = net::IoResult::Status;

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

}  // namespace
}  // namespace sluice::tls
