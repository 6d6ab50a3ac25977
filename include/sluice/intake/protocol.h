// What reads the requests of a connection after TLS: HTTP/1.1, or plain TCP.
#pragma once

#include "sluice/base/bytes.h"
#include "sluice/http/request.h"

namespace sluice::intake {

/// Belongs to a connection, whose stream it reads and writes. It ends by Connection::Abort or
/// Connection::BecomeSession.
class Protocol {
 public:
  virtual ~Protocol() = default;

  /// Starts with `received`, bytes that were read from the stream already.
  virtual void Start(base::Bytes received) = 0;

  /// Sends a refusal for a connection whose first request was not read. `received`, the first bytes
  /// of it, may show that the request is HEAD.
  virtual void RefuseEarly(const http::Refusal& refusal, base::Bytes received) = 0;

  /// The stream's readable() or writable() may have turned true.
  virtual void OnStreamReady() = 0;

  /// As Connection::Drain.
  virtual void Drain() = 0;

  /// As Connection::EndKeepAlive.
  virtual void EndKeepAlive() = 0;

  /// The connection has ended: nothing may be read, written or called from now on.
  virtual void Stop() = 0;
};

}  // namespace sluice::intake
