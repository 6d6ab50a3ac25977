// How a TLS stream ends, cleanly and not.
#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "sluice/tls/stream.h"

#include "tls/stream_fixture.h"

namespace sluice::tls {
namespace {

using testing::Pattern;
using testing::TlsStreamTest;
using Handshake = net::TlsState::Handshake;
using Status = net::IoResult::Status;

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

}  // namespace
}  // namespace sluice::tls
