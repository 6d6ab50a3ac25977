// A net::Stream that speaks TLS over another one: to a client, or to a backend.
//
// OpenSSL never touches the connection: what it reads comes from a buffer that a whole recv has
// filled, and what it writes is gathered, so that many records leave in one send. Its writes always
// succeed, so a read never waits for a write nor a write for a read, whatever the protocol does
// inside (handshake, tickets, key updates, alerts).
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

/// What the TLS streams of a worker share, as only one of them reads or writes at a time: no bytes
/// stay in it between two calls.
class Buffers {
 public:
  Buffers();

 private:
  friend class Stream;
  std::unique_ptr<uint8_t[]> storage_;  // Not touched before it is needed.
  base::MutableBytes input_;            // Room for what is received.
  base::Bytes received_;                // What of it has not been decrypted.
  size_t may_receive_ = 0;              // What a read may receive at once, for now.
  size_t in_vain_ = 0;                  // What it has received without any payload coming of it.
  base::MutableBytes output_;           // Room for what is to be sent.
  size_t gathered_ = 0;                 // Bytes in it.
};

/// The handshake is done by the first calls of Read, or by ContinueHandshake; until it is over,
/// nothing can be written.
///
/// UnacknowledgedBytes and bytes_written count bytes of TLS, so their difference is what the peer
/// has taken, handshake and overhead included. A client's FIN without a close_notify is an end in
/// good order: that nothing is missing is told inside. A backend's is an error: its bytes may have
/// no end of their own, and anybody on the way can send a FIN.
class Stream final : public net::Stream, private net::StreamHandler {
 public:
  /// To a client. `received` is what was read from `inner` before and belongs to TLS. `buffers`
  /// outlives the stream.
  Stream(std::unique_ptr<net::Stream> inner, std::shared_ptr<const Context> context,
         Buffers& buffers, base::Bytes received = {});
  /// To a backend, whose certificate must be that of `host` unless `context` says otherwise.
  Stream(std::unique_ptr<net::Stream> inner, std::shared_ptr<const ClientContext> context,
         const std::string& host, Buffers& buffers);
  ~Stream() override;

  /// Goes on with the handshake without reading any payload, and says how far it is: where the
  /// first word behind it may be ours. An end of the connection is a failure.
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
  std::unique_ptr<net::Stream> TakePlain() override;

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
  void NoteHandshake();
  void OnReadFailed(int reason);
  void End(net::IoResult::Status status, int error);
  net::IoResult TakeEnd();

  void Gather(base::Bytes bytes);
  void Flush();
  void OnWritten(const net::IoResult& sent);
  void FinishShutdown();

  std::unique_ptr<net::Stream> inner_;
  const std::shared_ptr<const void> context_;  // Kept for OpenSSL, which refers to it.
  Buffers& buffers_;
  ConnectionPtr connection_;
  net::StreamHandler* handler_ = nullptr;
  net::TlsState state_;

  std::vector<uint8_t> kept_input_;  // Received, and not decrypted for want of room.
  net::ByteQueue kept_output_;       // Encrypted, and not taken by the connection.

  net::IoResult end_;  // What stands behind the last byte to read; kOk while that is not known.
  bool end_was_read_ = false;
  const bool is_to_client_;
  bool heard_client_ = false;  // Its first byte is known.
  int write_error_ = 0;        // An errno: the connection takes nothing any more.
  Shutdown shutdown_ = Shutdown::kNone;
};

}  // namespace sluice::tls
