// A net::Stream that speaks TLS over another one: to a client, or to a backend.
//
// OpenSSL never uses the inner stream itself. It reads from a RecordInput, which one large read
// fills, and writes to a RecordOutput, which sends many records at once. Its writes always succeed,
// so a read never waits for a write or the reverse, even during handshakes, tickets, key updates
// and alerts.
//
//   inner stream ─► RecordInput ─► OpenSSL ─► Read
//   inner stream ◄─ RecordOutput ◄─ OpenSSL ◄─ Write
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "sluice/net/stream.h"
#include "sluice/net/tls_state.h"
#include "sluice/tls/buffers.h"
#include "sluice/tls/client_context.h"
#include "sluice/tls/context.h"
#include "sluice/tls/record_input.h"
#include "sluice/tls/record_output.h"

namespace sluice::tls {

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
  bool HasUnsent() const override { return output_.has_kept(); }
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
         ConnectionPtr connection, bool is_to_client, Buffers& buffers, base::Bytes received);

  void OnStreamReady() override;
  bool SpeaksTls();
  size_t Decrypt(base::MutableBytes buffer);
  void UpdateHandshake();
  void OnReadFailed(int reason);

  std::unique_ptr<net::Stream> inner_;
  RecordInput input_;
  RecordOutput output_;
  const std::shared_ptr<const void> context_;  // OpenSSL refers to it.
  ConnectionPtr connection_;
  net::StreamHandler* handler_ = nullptr;
  net::TlsState state_;
  const bool is_to_client_;
  bool has_first_byte_ = false;  // The client's first byte has been received.
};

}  // namespace sluice::tls
