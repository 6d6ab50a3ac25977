// The admin listener: metrics, health and readiness over plain HTTP, for operators' tools. They
// need no authentication, only tickets do; the configuration binds it to an address that only they
// can reach.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <prometheus/collectable.h>

#include "sluice/base/result.h"
#include "sluice/config/types.h"
#include "sluice/net/event_loop.h"
#include "sluice/net/listener.h"

struct evhttp;
struct evhttp_request;

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
    std::string body;  ///< JSON
  };
  virtual ~Actions() = default;

  /// Whether there is such an action, `/tickets` or `/reload`.
  virtual bool Has(std::string_view path) const = 0;

  /// Takes one that there is. `authorization` is the value of that header, empty if there is none.
  virtual Answer Post(std::string_view path, std::string_view authorization,
                      std::string_view body) = 0;
};

/// Answers GET and HEAD: `/metrics` (Prometheus' text format 0.0.4), `/healthz` (200 while the loop
/// runs), `/readyz` (200, or 503 with the reason), `/status` (routes, backends and servers in
/// JSON),
/// `/status.html` (a page that shows them), `/` (a list of these);
/// and POST: the `actions`, if there are any. Other paths are 404, other methods 405. Heads are
/// bounded to 16 KiB, bodies to 4 KiB, silence to 10 seconds.
///
/// Lives on the loop's thread. To be destroyed when the loop has stopped for good, and before it;
/// destroying it closes the listener and what is open on it.
class AdminServer {
 public:
  using Collectables = std::vector<std::shared_ptr<const prometheus::Collectable>>;

  /// Binds `address` (port 0: any free one) and serves from then on whenever the loop runs.
  /// `status` outlives the server. The error is a sentence with the address and the system's
  /// reason.
  static base::Result<std::unique_ptr<AdminServer>, std::string> Listen(
      net::EventLoop& loop, const config::Endpoint& address, const Status& status,
      Collectables collectables, Actions* actions = nullptr);

  AdminServer(const AdminServer&) = delete;
  AdminServer& operator=(const AdminServer&) = delete;

  /// The address it is bound to, with the port that the kernel chose.
  const config::Endpoint& address() const { return socket_.address; }
  uint16_t port() const { return socket_.address.port; }

 private:
  struct HttpDeleter {
    void operator()(evhttp* http) const;
  };

  AdminServer(net::ListeningSocket socket, const Status& status, Collectables collectables,
              Actions* actions);
  bool Start(net::EventLoop& loop);
  void Handle(evhttp_request* request) const;
  void HandleAction(evhttp_request* request, std::string_view path) const;
  std::string Metrics() const;

  net::ListeningSocket socket_;
  const Status& status_;
  Collectables collectables_;
  Actions* const actions_;  // Null if there are none.
  std::unique_ptr<evhttp, HttpDeleter> http_;
};

}  // namespace sluice::admin
