// A connected byte stream without blocking: what a leg of a session reads and writes: a TCP or
// Unix socket, or TLS over one. One stream of an HTTP/2 connection fits behind the same interface.
//
// A stream remembers its readiness and reports it once: readable() and writable() turn true when
// the kernel reports it, and false when a call has used it up. A reader that resumes after a pause
// asks readable() again.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "sluice/base/bytes.h"
#include "sluice/base/clock.h"
#include "sluice/net/address.h"
#include "sluice/net/tls_state.h"

namespace sluice::net {

class Pipe;

class StreamHandler {
 public:
  /// readable() or writable() may have turned true. May destroy the stream.
  virtual void OnStreamReady() = 0;

 protected:
  ~StreamHandler() = default;
};

struct IoResult {
  enum class Status : uint8_t {
    kOk,          ///< `bytes` were read or written, at least one
    kWouldBlock,  ///< nothing now; the handler is called when there is
    kEnd,         ///< reading: the peer has ended its direction in good order
    kError,       ///< the connection is broken; `error` is the errno
  };
  Status status = Status::kOk;
  size_t bytes = 0;
  int error = 0;
};

/// Belongs to one thread. Destroying it closes the connection.
class Stream {
 public:
  virtual ~Stream() = default;

  /// Who is told of readiness from now on; null: nobody. The handler outlives the stream, or is
  /// replaced.
  virtual void SetHandler(StreamHandler* handler) = 0;

  /// Reads at most buffer.size() bytes, which is not 0.
  virtual IoResult Read(base::MutableBytes buffer) = 0;

  /// Writes as much of `bytes`, which is not empty, as the kernel takes.
  virtual IoResult Write(base::Bytes bytes) = 0;

  /// The same, when ShutdownWrite follows at once if all of it is taken: so that the end of our
  /// direction can leave together with it.
  virtual IoResult WriteLast(base::Bytes bytes) { return Write(bytes); }

  /// Whether the two below work: bytes pass through a pipe without being copied.
  virtual bool can_splice() const { return false; }

  /// Returns whether ReadInto works. False if only Read can read what comes next: an end or urgent
  /// data.
  virtual bool can_read_into() const { return can_splice(); }

  /// Reads at most `limit` bytes into `pipe`, which is empty. Only while can_read_into(). Never
  /// returns kEnd: after kWouldBlock a stream that is still readable() must be read by Read.
  virtual IoResult ReadInto(Pipe& /*pipe*/, size_t /*limit*/) { return {}; }

  /// Writes `head` and what `pipe` holds, as much as the kernel takes; `bytes` counts both. Not
  /// nothing at all. The last byte of `head` is not sent before a byte of the pipe's can be.
  virtual IoResult WriteFrom(base::Bytes /*head*/, Pipe& /*pipe*/) { return {}; }

  /// Ends our direction: what was written is delivered, then the peer reads the end.
  virtual void ShutdownWrite() = 0;

  /// Bytes written that the peer has not acknowledged. A system call.
  virtual size_t UnacknowledgedBytes() const = 0;

  /// Bytes written since the stream was made.
  virtual uint64_t bytes_written() const = 0;

  /// Has the peer's host probed while nothing is under way to it, and the connection broken when
  /// the host has not answered for `timeout`. While something is under way, IsPeerSilent tells.
  virtual void ProbeWhileIdle(base::Duration /*timeout*/) {}

  /// Whether the peer's host has left what was sent to it unanswered for `timeout`. A peer that
  /// merely takes nothing, while its host answers, is not silent. A system call or two.
  virtual bool IsPeerSilent(base::Duration /*timeout*/) const { return false; }

  /// Whether the peer has ended its direction, or the connection is broken, though there may be
  /// bytes before that end that have not been read. A system call.
  virtual bool HasPeerEnded() const { return false; }

  /// Whether the connection was reset: a peer that has merely ended its direction may still listen.
  /// Only as long as no read or write has told so. A system call.
  virtual bool IsReset() const { return false; }

  /// Whether bytes that Write has taken, or the end behind them, are still to be sent: destroying
  /// the stream would lose them. When that is over the handler is told.
  virtual bool HasUnsent() const { return false; }

  /// What broke the connection, in words, where more is known than an errno.
  virtual std::string_view failure() const { return {}; }

  /// What is known of the TLS of this stream; null if there is none.
  virtual const TlsState* tls() const { return nullptr; }

  /// More of it, when the handshake is done. Made when asked for.
  virtual TlsDetails DescribeTls() const { return {}; }

  /// Our end of the connection; empty if it has no IP address. A system call.
  virtual Address LocalAddress() const { return {}; }

  /// The stream below, when this one merely passes its bytes on and has none of them: whoever takes
  /// it destroys this one. Null otherwise.
  virtual std::unique_ptr<Stream> TakePlain() { return nullptr; }

  virtual bool readable() const = 0;
  virtual bool writable() const = 0;
};

}  // namespace sluice::net
