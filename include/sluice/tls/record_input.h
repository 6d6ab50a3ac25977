// The bytes that a TLS stream has received and not decrypted yet.
//
// OpenSSL asks for the header and the content of each record separately. So one large read fills
// the worker's buffer, from which OpenSSL consumes. Another stream of the worker may use the buffer
// next, so the bytes that are left at the end of a call of the stream are kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sluice/base/bytes.h"
#include "sluice/net/stream.h"
#include "sluice/tls/buffers.h"

namespace sluice::tls {

/// Belongs to a stream. Does not use OpenSSL. Receive, received, StopReceiving and Consume are for
/// use between Begin and Finish.
class RecordInput {
 public:
  using Status = net::IoResult::Status;

  /// `received` are bytes that were already read from `inner`. `inner` and `buffers` outlive the
  /// input.
  RecordInput(net::Stream& inner, Buffers& buffers, base::Bytes received);

  /// Begins a call of the stream. It may receive `limit` bytes at once, or as many as the buffer
  /// holds if that is less.
  void Begin(size_t limit);
  /// Ends the call. Keeps the bytes that were not consumed.
  void Finish();

  /// Reads from the inner stream if no received bytes are left. Returns true if there are bytes
  /// then. The input ends with the inner stream, or if it receives too much without payload.
  bool Receive();
  base::Bytes received() const { return buffers_.received_; }
  /// Prevents further reads from the inner stream in this call.
  void StopReceiving() { buffers_.may_receive_ = 0; }
  /// Moves bytes into `out`; calls Receive first. Returns their number; 0: there are none.
  size_t Consume(base::MutableBytes out);

  /// Returns true if bytes are left from the last call.
  bool has_kept() const { return !kept_.empty(); }

  /// Ends the input: the stream can read nothing more. `status` is kEnd or kError.
  void End(Status status, int error) { end_ = {status, 0, error}; }
  bool has_ended() const { return end_.status != Status::kOk; }
  /// How the input has ended; kOk: it has not.
  const net::IoResult& end() const { return end_; }
  /// Returns the result of a read without bytes: the end, or kWouldBlock before it.
  net::IoResult ReadEnd();
  bool end_was_read() const { return end_was_read_; }

 private:
  net::Stream& inner_;
  Buffers& buffers_;
  std::vector<uint8_t> kept_;
  net::IoResult end_;
  bool end_was_read_ = false;
};

}  // namespace sluice::tls
