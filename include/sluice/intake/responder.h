// Answers a request in the protocol of its connection. A request ends with exactly one call of
// Refuse, Serve, StartSession or Drop.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/cause.h"
#include "sluice/http/request.h"
#include "sluice/http/response.h"
#include "sluice/leg/message_codec.h"
#include "sluice/net/stream.h"
#include "sluice/session/session.h"

namespace sluice::intake {

/// The result of the WebSocket handshake for a session. Empty for plain TCP.
struct Agreement {
  std::string subprotocol = {};
  std::string extensions = {};  ///< the value of Sec-WebSocket-Extensions
  bool has_half_close = false;  ///< websocket/half_close.h
  /// Of the client's leg; null: bytes pass as they are.
  std::unique_ptr<leg::MessageCodec> codec = nullptr;
};

/// Belongs to one thread.
class Responder {
 public:
  /// The stream of the client, for its TLS state and addresses.
  virtual const net::Stream& stream() const = 0;

  /// Answers with an error status, if the protocol has one, and ends the request.
  virtual void Refuse(const http::Refusal& refusal) = 0;

  /// Answers a GET or HEAD with a page. `content` outlives the connection.
  virtual void Serve(const http::Page& page, std::string_view content) = 0;

  /// Accepts the request: its stream becomes the client leg of a session with `parts`, in which
  /// that leg is still null. With a cause, the session closes at once.
  virtual void StartSession(session::Session::Parts parts, Agreement agreement,
                            std::optional<base::Cause> cause) = 0;

  /// Calls Request::OnClientLeft from now on if the client leaves. The request calls this when it
  /// starts to search for a server, and not before: if a client could abort the check of a
  /// password, guessing would cost nothing.
  virtual void WatchClient() = 0;

  /// Ends the request without an answer, because the client has left.
  virtual void Drop() = 0;

 protected:
  ~Responder() = default;
};

}  // namespace sluice::intake
