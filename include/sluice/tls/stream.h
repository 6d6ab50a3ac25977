// A net::Stream that speaks TLS over another one: to a client, or to a backend.
//
// OpenSSL never uses the connection itself: it reads from a buffer that one large recv fills, and
// its output is gathered, so that many records are sent at once. Its writes always succeed, so a
// read never waits for a write or the reverse, even during handshakes, tickets, key updates and
// alerts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "sluice/net/byte_queue.h"
#include "sluice/net/stream.h"
#include "sluice/net/tls_state.h"
#include "sluice/tls/client_context.h"
#include "sluice/tls/context.h"

struct bio_st;

namespace sluice::tls {

/// Buffers that all TLS streams of a worker share, because only one of them reads or writes at a
/// time. No bytes stay in them between two calls.
class Buffers {
 public:
  Buffers();

 private:
  friend class Stream;
  std::unique_ptr<uint8_t[]> storage_;  // Not touched before it is needed.
  base::MutableBytes input_;            // For received bytes.
  base::Bytes received_;                // The received bytes that are not decrypted yet.
  size_t may_receive_ = 0;              // The bytes that the current call may receive at once.
  size_t without_payload_ = 0;          // Received in the current call, without any payload.
  base::MutableBytes output_;           // For bytes to send.
  size_t gathered_ = 0;                 // The number of bytes in it.
};

/// The first calls of Read, or ContinueHandshake, do the handshake; nothing can be written before
/// it is done.
///
/// UnacknowledgedBytes and bytes_written count bytes of TLS, so their difference is what the peer
/// has acknowledged, including handshake and overhead. A client's FIN without a close_notify is a
/// clean end, because WebSocket itself shows that nothing is missing. A backend's is an error,
/// because its bytes may have no end marker, and anyone on the network path can send a FIN.
class Stream final : public net::Stream, private net::StreamHandler {
 public:
  /// Creates a stream to a client. `received` are bytes of TLS that were already read from `inner`.
  /// `buffers` outlives the stream.
  Stream(std::unique_ptr<net::Stream> inner, std::shared_ptr<const Context> context,
         Buffers& buffers, base::Bytes received = {});
  /// Creates a stream to a backend, whose certificate must be for `host` unless `context` says
  /// otherwise.
  Stream(std::unique_ptr<net::Stream> inner, std::shared_ptr<const ClientContext> context,
         const std::string& host, Buffers& buffers);
  ~Stream() override;

  /// Continues the handshake without reading payload, and returns its state. For protocols in which
  /// our side may send first. An end of the connection is a failure.
  net::TlsState::Handshake ContinueHandshake();

  void SetHandler(net::StreamHandler* handler) override { handler_ = handler; }
  net::IoResult Read(base::MutableBytes buffer) override;
  net::IoResult Write(base::Bytes bytes) override;
  void ShutdownWrite() override;
  bool HasUnsent() const override { return !kept_output_.empty(); }
  size_t UnacknowledgedBytes() const override;
  uint64_t bytes_written() const override;
  bool IsPeerSilent(base::Duration timeout) const override { return inner_->IsPeerSilent(timeout); }
  bool HasPeerEnded() const override { return inner_->HasPeerEnded(); }
  bool IsReset() const override { return inner_->IsReset(); }
  bool readable() const override;
  bool writable() const override;
  void ProbeWhileIdle(base::Duration timeout) override { inner_->ProbeWhileIdle(timeout); }
  std::string_view failure() const override { return state_.failure; }
  const net::TlsState* tls() const override { return &state_; }
  net::TlsDetails DescribeTls() const override;
  net::Address LocalAddress() const override { return inner_->LocalAddress(); }
  std::unique_ptr<net::Stream> ReleaseInner() override;

 private:
  struct Bio;

  Stream(std::unique_ptr<net::Stream> inner, std::shared_ptr<const void> context,
         ConnectionPtr connection, bool is_to_client, Buffers& buffers);

  enum class Shutdown : uint8_t { kNone, kDue, kDone };

  void OnStreamReady() override;

  void Begin(size_t may_receive);
  void Keep();
  bool Receive();
  bool SpeaksTls();
  net::IoResult ReadPlain(base::MutableBytes buffer);
  net::IoResult Decrypt(base::MutableBytes buffer);
  void UpdateHandshake();
  void OnReadFailed(int reason);
  void End(net::IoResult::Status status, int error);
  net::IoResult ReadEnd();

  void Gather(base::Bytes bytes);
  void Flush();
  void OnWritten(const net::IoResult& sent);
  void FinishShutdown();

  std::unique_ptr<net::Stream> inner_;
  const std::shared_ptr<const void> context_;  // OpenSSL refers to it.
  Buffers& buffers_;
  ConnectionPtr connection_;
  net::StreamHandler* handler_ = nullptr;
  net::TlsState state_;

  std::vector<uint8_t> kept_input_;  // Received, not decrypted, because the caller had no room.
  net::ByteQueue kept_output_;       // Encrypted, but not accepted by the connection.
  net::IoResult end_;                // The end after the last byte; kOk: not known yet.
  bool end_was_read_ = false;
  const bool is_to_client_;
  bool has_first_byte_ = false;  // The client's first byte has been received.
  int write_error_ = 0;          // An errno: nothing can be written any more.
  Shutdown shutdown_ = Shutdown::kNone;
};

}  // namespace sluice::tls
