// The admin listener: metrics, health and readiness over plain HTTP, for operators' tools. They
// need no authentication, only tickets do; the configuration binds it to an address that only they
// can reach.
#pragma once

#include <cstdint>
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

/// What the admin listener asks of the program. Called on the loop's thread.
class Status {
 public:
  virtual ~Status() = default;

  /// Whether new sessions are welcome.
  virtual bool Ready() const = 0;

  /// One line, such as "draining", for when Ready() is false.
  virtual std::string NotReadyReason() const = 0;

  /// Routes, backends and servers with their state, as JSON.
  virtual std::string Report() const = 0;
};

/// What is asked for by POST: the program's own business. Called on the loop's thread.
class Actions {
 public:
  struct Answer {
    int status;
    std::string body;          ///< JSON
    std::string refusal = {};  ///< for the log: why the request was refused; empty if it was not
  };
  virtual ~Actions() = default;

  /// Whether there is such an action, `/tickets` or `/reload`.
  virtual bool Has(std::string_view path) const = 0;

  /// Takes one that there is. `authorization` is the value of that header, empty if there is none;
  /// `client` is the address that asks, for the log.
  virtual Answer Post(std::string_view path, std::string_view authorization, std::string_view body,
                      std::string_view client) = 0;
};

class Connection;

/// Answers the requests of connections, and owns these.
class Responder {
 public:
  virtual http::Response Respond(const http::RequestHead& head, std::string_view body,
                                 const net::Address& client) = 0;
  /// `connection` is closed. Destroys it later.
  virtual void Release(Connection& connection) = 0;

 protected:
  ~Responder() = default;
};

/// Answers GET and HEAD: `/metrics` (Prometheus' text format 0.0.4), `/healthz` (200 while the loop
/// runs), `/readyz` (200, or 503 with the reason), `/status` (routes, backends and servers in
/// JSON), `/status.html` (a page that shows them), `/` (a list of these); and POST: the actions, if
/// there are any. Other paths are 404, other methods 405, other hosts 421.
///
/// One request for each connection. Heads are bounded to 16 KiB, bodies to 4 KiB, a request as a
/// whole to `request_timeout`, its answer to 30 seconds, and the client has a second to close after
/// that. Of more connections than kMaxConnections, the one is closed whose reply was sent first; if
/// no reply has been sent, the one that has waited longest for its client.
///
/// Lives on the loop's thread, and not longer than the loop. Destroying it, which none of its own
/// answers may do, closes the listener and what is open on it.
class AdminServer final : private net::AcceptHandler, private Responder {
 public:
  using Collectables = std::vector<std::shared_ptr<const prometheus::Collectable>>;

  static constexpr size_t kMaxConnections = 100;

  struct Options {
    Actions* actions = nullptr;           ///< null if there are none
    std::vector<std::string> hosts = {};  ///< as settings::Admin::hosts
    base::Log* log = nullptr;             ///< for refused requests; null: not logged
    base::Duration request_timeout{10'000};
  };

  /// Binds `address` (port 0: any free one), or takes `socket`, which another process has bound to
  /// it, and serves from then on whenever the loop runs.
  /// `status` outlives the server. The error is a sentence with the address and the system's
  /// reason.
  static base::Result<std::unique_ptr<AdminServer>, std::string> Listen(
      net::EventLoop& loop, const settings::Endpoint& address, const Status& status,
      Collectables collectables, Options options,
      std::optional<net::ListeningSocket> socket = std::nullopt);

  ~AdminServer();
  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  /// The address it is bound to, with the port that the kernel chose.
  const settings::Endpoint& address() const { return listener_.address(); }
  uint16_t port() const { return address().port; }
  /// Of its socket, for a process that is to take over.
  int descriptor() const { return listener_.descriptor(); }

 private:
  AdminServer(net::EventLoop& loop, net::ListeningSocket socket, const Status& status,
              Collectables collectables, Options options);

  void OnAccept(net::Fd fd, const net::Address& client) override;
  void OnAcceptError(int /*error*/) override {}
  void CloseOne();
  void Release(Connection& connection) override;

  http::Response Respond(const http::RequestHead& head, std::string_view body,
                         const net::Address& client) override;
  bool ServesHost(const http::RequestHead& head) const;
  void LogRefusal(const http::RequestHead& head, const net::Address& client, int status,
                  std::string_view why);
  http::Response Route(const http::RequestHead& head, std::string_view body,
                       const net::Address& client);
  http::Response Act(const http::RequestHead& head, std::string_view body,
                     const net::Address& client);
  std::string Metrics() const;

  net::EventLoop& loop_;
  const Status& status_;
  Collectables collectables_;
  const Options options_;
  const bool any_host_;
  const http::HostNames hosts_;
  base::LogLimit refusal_log_limit_;
  std::vector<std::unique_ptr<Connection>> connections_;  // In the order of their accept.
  net::Listener listener_;
};

}  // namespace sluice::admin
