// How a request is answered, whatever protocol it came by. A request ends with exactly one of these
// calls.
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

/// What client and sluice have agreed on for a session. Empty for plain TCP.
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
  /// The stream of the client, for what it knows of TLS and addresses.
  virtual const net::Stream& stream() const = 0;

  /// Answers with an error status, if the protocol has one, and ends the request.
  virtual void Refuse(const http::Refusal& refusal) = 0;

  /// Answers a GET or HEAD with a page. `content` outlives the connection.
  virtual void Serve(const http::Page& page, std::string_view content) = 0;

  /// Accepts the request: its stream becomes the client leg of a session with `parts`, in which
  /// that leg is still null. With a cause, the session closes at once.
  virtual void StartSession(session::Session::Parts parts, Agreement agreement,
                            std::optional<base::Cause> cause) = 0;

  /// The request searches a server. From now on, Request::OnClientLeft is called if the client
  /// leaves. Before that it is not: to abort the check of a password would make a guess free.
  virtual void WatchClient() = 0;

  /// Ends the request without an answer: the client has left.
  virtual void Drop() = 0;

 protected:
  ~Responder() = default;
};

}  // namespace sluice::intake
