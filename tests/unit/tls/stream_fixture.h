// The base of the tests of the stream: an OpenSSL client in memory at the far end of a fake
// connection that reads and writes as little at a time as the test wants.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>
#include <openssl/err.h>

#include "sluice/tls/context.h"
#include "sluice/tls/stream.h"

#include "seed.h"
#include "tls/certificates.h"
#include "tls/tls_client.h"

namespace sluice::tls::testing {

inline constexpr size_t kKiB = 1024;

/// Returns `size` bytes that look random, the same for the same `seed`.
inline std::string Pattern(size_t size, uint32_t seed = 1) {
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
    const CertificateDirectory files;
    auto made = Context::Create({{files.Make("a", "a")}});
    ASSERT_TRUE(made) << made.error();
    context_ = *std::move(made);
  }
  static void TearDownTestSuite() { context_.reset(); }

  void Accept(leg::testing::FaultPlan* faults = nullptr) {
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
      if (got.status == net::IoResult::Status::kOk) {
        ASSERT_GT(got.bytes, 0u);
        all.append(buffer, 0, got.bytes);
        continue;
      }
      if (got.status == net::IoResult::Status::kWouldBlock) {
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
    ASSERT_EQ(stream->tls()->handshake, net::TlsState::Handshake::kDone);
    ASSERT_TRUE(stream->writable());
    ASSERT_FALSE(stream->readable());
  }
  /// What one record of TLS 1.3 with that payload takes.
  static size_t RecordSize(size_t payload) { return 5 + payload + 1 + 16; }

  static inline std::shared_ptr<const Context> context_;

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

}  // namespace sluice::tls::testing
