// A connected, non-blocking byte stream, which a leg of a session reads and writes: a TCP or Unix
// socket, or TLS over one. A stream of an HTTP/2 connection could implement the same interface.
//
// A stream stores its readiness and reports a change once: readable() and writable() become true
// when the kernel reports it, and false when a call would block. A reader that resumes after a
// pause checks readable() again.
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
  /// Called when readable() or writable() may have become true. May destroy the stream.
  virtual void OnStreamReady() = 0;

 protected:
  ~StreamHandler() = default;
};

struct IoResult {
  enum class Status : uint8_t {
    kOk,          ///< `bytes` were read or written, at least one
    kWouldBlock,  ///< not possible now; the handler is called when it is
    kEnd,         ///< reading: the peer has cleanly ended its direction
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

  /// Sets the handler to notify of readiness; null: none. The handler outlives the stream, or is
  /// replaced.
  virtual void SetHandler(StreamHandler* handler) = 0;

  /// Reads at most buffer.size() bytes, which is not 0.
  virtual IoResult Read(base::MutableBytes buffer) = 0;

  /// Writes as much of `bytes`, which is not empty, as the kernel accepts.
  virtual IoResult Write(base::Bytes bytes) = 0;

  /// Like Write, but if all bytes are accepted, the caller calls ShutdownWrite at once. So the end
  /// of our direction can be sent in the same segment.
  virtual IoResult WriteLast(base::Bytes bytes) { return Write(bytes); }

  /// Returns true if ReadInto and WriteFrom work, which move bytes through a pipe without copying.
  virtual bool can_splice() const { return false; }

  /// Returns true if ReadInto works now. False if only Read can read the next item: an end or
  /// urgent data.
  virtual bool can_read_into() const { return can_splice(); }

  /// Reads at most `limit` bytes into `pipe`, which is empty. Only while can_read_into(). Never
  /// returns kEnd: after kWouldBlock a stream that is still readable() must be read by Read.
  virtual IoResult ReadInto(Pipe& /*pipe*/, size_t /*limit*/) { return {}; }

  /// Writes as much of `head` and of the pipe's content as the kernel accepts; `bytes` counts both.
  /// At least one of them is not empty. The last byte of `head` is not sent before the pipe's first
  /// byte.
  virtual IoResult WriteFrom(base::Bytes /*head*/, Pipe& /*pipe*/) { return {}; }

  /// Ends our direction: the peer reads the end after all written bytes.
  virtual void ShutdownWrite() = 0;

  /// Returns the number of written bytes that the peer has not acknowledged. A system call.
  virtual size_t UnacknowledgedBytes() const = 0;

  /// The number of bytes written since the stream was created.
  virtual uint64_t bytes_written() const = 0;

  /// Makes the kernel probe the peer's host while there are no unacknowledged bytes, and break the
  /// connection when the host has not answered for `timeout`. With unacknowledged bytes, use
  /// IsPeerSilent.
  virtual void ProbeWhileIdle(base::Duration /*timeout*/) {}

  /// Returns true if the peer's host has not answered for `timeout` although bytes were sent. A
  /// peer that reads nothing while its host answers is not silent. One or two system calls.
  virtual bool IsPeerSilent(base::Duration /*timeout*/) const { return false; }

  /// Returns true if the peer has ended its direction, or the connection is broken. There may be
  /// unread bytes before that end. A system call.
  virtual bool HasPeerEnded() const { return false; }

  /// Returns true if the connection was reset; a peer that has only ended its direction may still
  /// read. Valid only until a read or write has returned the error. A system call.
  virtual bool IsReset() const { return false; }

  /// Returns true if written bytes, or the end after them, are not sent yet, so that destroying the
  /// stream would lose them. The handler is notified when they are sent.
  virtual bool HasUnsent() const { return false; }

  /// Returns why the connection broke, if more is known than an errno; empty otherwise.
  virtual std::string_view failure() const { return {}; }

  /// The TLS state of this stream; null without TLS.
  virtual const TlsState* tls() const { return nullptr; }

  /// Returns details of TLS after the handshake. Computed on each call.
  virtual TlsDetails DescribeTls() const { return {}; }

  /// Returns the address of our end of the connection; empty if it has no IP address. A system
  /// call.
  virtual Address LocalAddress() const { return {}; }

  /// Releases the inner stream if this stream only passes bytes through and has none of them; null
  /// otherwise. The caller then destroys this stream.
  virtual std::unique_ptr<Stream> ReleaseInner() { return nullptr; }

  virtual bool readable() const = 0;
  virtual bool writable() const = 0;
};

}  // namespace sluice::net
