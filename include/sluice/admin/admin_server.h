// The admin listener: metrics, health, readiness and the program's API over plain HTTP, for
// operators' tools. Only requests that change something need a token, so bind it to an address that
// only operators can reach.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <prometheus/collectable.h>

#include "sluice/base/clock.h"
#include "sluice/base/log.h"
#include "sluice/base/log_limit.h"
#include "sluice/base/result.h"
#include "sluice/http/host_names.h"
#include "sluice/http/request.h"
#include "sluice/http/response.h"
#include "sluice/net/address.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/listener.h"
#include "sluice/settings/endpoint.h"

namespace sluice::admin {

/// The program that the admin listener reports on. Called on the loop's thread.
class Program {
 public:
  virtual ~Program() = default;

  /// Returns true if new sessions are accepted.
  virtual bool IsReady() const = 0;

  /// Returns the reason why IsReady() is false as one line, such as "draining".
  virtual std::string NotReadyReason() const = 0;

  /// Returns the method, GET or POST, of the API's request for `path`; empty if there is none.
  virtual std::string_view ApiMethodOf(std::string_view path) const = 0;

  /// Accepts the answer to a request. `refusal` is for the log: why the request was refused; empty
  /// if it was not.
  using Answer = std::function<void(http::Response response, std::string_view refusal)>;

  /// Answers a request of the API. Calls `answer` once: from inside this call, or later, but only
  /// as long as the result lives. The listener destroys the result when it has the answer, when the
  /// connection ends, or when the answer takes too long; possibly from inside `answer`. `head` and
  /// `client` live as long as the result; `body` is valid only during this call.
  [[nodiscard]] virtual std::shared_ptr<const void> HandleApi(const http::RequestHead& head,
                                                              std::string_view body,
                                                              const net::Address& client,
                                                              const Answer& answer) = 0;
};

class Connection;

/// Answers the requests of connections, and owns the connections.
class Responder {
 public:
  /// Answers the request of `connection` by Connection::Reply: from inside this call, or later, as
  /// long as the connection keeps the result.
  [[nodiscard]] virtual std::shared_ptr<const void> Respond(Connection& connection,
                                                            std::string_view body) = 0;
  /// Releases a connection that has ended, and destroys it later.
  virtual void Release(Connection& connection) = 0;

 protected:
  ~Responder() = default;
};

/// Answers GET and HEAD: `/metrics` (Prometheus' text format 0.0.4), `/healthz` (200 while the loop
/// runs), `/readyz` (200, or 503 with the reason), `/status.html` (a page that shows `/status`),
/// `/` (a list of these); and the requests of the program's API. Other paths are 404, other methods
/// 405, other hosts 421.
///
/// Each connection serves one request. The limits are: 16 KiB for a head, 4 KiB for a body,
/// `request_timeout` to receive the complete request, `answer_timeout` for the program's answer
/// (503 then), 30 seconds to send it, and one second for the client to close after that.
///
/// Above kMaxConnections, one connection is closed: the one whose reply was sent first; if no reply
/// has been sent, the one that has waited longest for its client; if all wait for an answer, the
/// one that has waited longest.
///
/// Belongs to the loop's thread, and does not outlive the loop. Destroying it closes the listener
/// and all connections. The program must not destroy it while it answers.
class AdminServer final : private net::AcceptHandler, private Responder {
 public:
  using Collectables = std::vector<std::shared_ptr<const prometheus::Collectable>>;

  static constexpr size_t kMaxConnections = 100;

  struct Options {
    std::vector<std::string> hosts = {};  ///< see settings::Admin::hosts
    base::Log* log = nullptr;             ///< for refused requests; null: not logged
    base::Duration request_timeout{10'000};
    base::Duration answer_timeout{20'000};
  };

  /// Binds `address` (port 0: any free port), or uses `socket`, which another process has bound to
  /// it. The server answers requests whenever the loop runs. `program` outlives the server. The
  /// error is a sentence with the address and the system's reason.
  static base::Result<std::unique_ptr<AdminServer>, std::string> Listen(
      net::EventLoop& loop, const settings::Endpoint& address, Program& program,
      Collectables collectables, Options options,
      std::optional<net::ListeningSocket> socket = std::nullopt);

  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  /// The bound address, with the port that the kernel chose.
  const settings::Endpoint& address() const { return listener_.address(); }
  uint16_t port() const { return address().port; }
  /// The descriptor of the socket, for a process that takes over.
  int descriptor() const { return listener_.descriptor(); }

 private:
  AdminServer(net::EventLoop& loop, net::ListeningSocket socket, Program& program,
              Collectables collectables, Options options);

  void OnAccept(net::Fd fd, const net::Address& client) override;
  void OnAcceptError(int /*error*/) override {}
  void CloseOne();
  void Release(Connection& connection) override;

  std::shared_ptr<const void> Respond(Connection& connection, std::string_view body) override;
  bool ServesHost(const http::RequestHead& head) const;
  void LogRefusal(Connection& connection, int status, std::string_view why);
  http::Response RespondWithPage(const http::RequestHead& head) const;
  void ReplyWithPage(Connection& connection, http::Response response);
  std::string Metrics() const;

  net::EventLoop& loop_;
  Program& program_;
  Collectables collectables_;
  const Options options_;
  const bool any_host_;
  const http::HostNames hosts_;
  base::LogLimit refusal_log_limit_;
  std::vector<std::unique_ptr<Connection>> connections_;  // The oldest first.
  net::Listener listener_;
};

}  // namespace sluice::admin
