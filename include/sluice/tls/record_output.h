// The bytes that a TLS stream has encrypted and not sent yet.
//
// OpenSSL writes each record separately. So records are gathered in the worker's buffer and sent at
// once. Encrypted bytes cannot be undone, so those that the inner stream does not accept are kept.
// Appending always succeeds, so OpenSSL never waits for a write.
#pragma once

#include <cstddef>
#include <cstdint>

#include "sluice/base/bytes.h"
#include "sluice/net/byte_queue.h"
#include "sluice/net/stream.h"
#include "sluice/tls/buffers.h"

namespace sluice::tls {

/// Belongs to a stream. Does not use OpenSSL.
class RecordOutput {
 public:
  /// `inner` and `buffers` outlive the output.
  RecordOutput(net::Stream& inner, Buffers& buffers) : inner_(inner), buffers_(buffers) {}

  /// Gathers encrypted bytes. Flush has to follow in the same call of the stream.
  void Append(base::Bytes bytes);
  /// Sends the gathered bytes. Keeps those that the inner stream does not accept.
  void Flush();
  /// Sends kept bytes if the inner stream is writable.
  void SendKept();
  /// Ends our direction, after the kept bytes. Nothing is sent after that.
  void ShutdownWrite();

  bool has_kept() const { return !kept_.empty(); }
  size_t kept_size() const { return kept_.size(); }
  /// Returns true if so much is kept that the peer must not cause more output.
  bool is_full() const;

  /// Ends the output with `error`, an errno. Kept bytes are lost.
  void Fail(int error);
  /// The errno with which the output has ended; 0: it has not.
  int error() const { return error_; }

 private:
  enum class Shutdown : uint8_t { kNone, kDue, kDone };

  void FinishShutdown();

  net::Stream& inner_;
  Buffers& buffers_;
  net::ByteQueue kept_;
  int error_ = 0;
  Shutdown shutdown_ = Shutdown::kNone;
};

}  // namespace sluice::tls
