// The protocol of a connection after TLS, HTTP/1.1 or plain TCP: it reads the requests.
#pragma once

#include "sluice/base/bytes.h"
#include "sluice/http/request.h"

namespace sluice::intake {

/// Reads and writes the stream of the connection that it belongs to. It ends by calling
/// Connection::Abort or Connection::BecomeSession.
class Protocol {
 public:
  virtual ~Protocol() = default;

  /// Starts to read requests. `received` are bytes that were already read from the stream.
  virtual void Start(base::Bytes received) = 0;

  /// Refuses a connection whose first request was not read. `received` are the first bytes of the
  /// request: if they show that it is HEAD, the response has no content.
  virtual void RefuseEarly(const http::Refusal& refusal, base::Bytes received) = 0;

  /// Called when the stream may have become readable or writable.
  virtual void OnStreamReady() = 0;

  /// See Connection::Drain.
  virtual void Drain() = 0;

  /// See Connection::EndKeepAlive.
  virtual void EndKeepAlive() = 0;

  /// Stops, because the connection has ended. After that, the protocol must not use the connection.
  virtual void Stop() = 0;
};

}  // namespace sluice::intake
