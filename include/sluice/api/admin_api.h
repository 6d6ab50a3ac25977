// The API of the admin listener: its requests, and their answers in JSON.
//
//   GET  /status    routes, backends and servers, and their sessions
//   POST /reload    reloads the configuration; with the admin's token
//   POST /tickets   issues a one-time ticket; with the admin's token
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sluice/auth/tickets.h"
#include "sluice/base/log.h"
#include "sluice/http/request.h"
#include "sluice/http/response.h"
#include "sluice/net/address.h"
#include "sluice/server/admin_token.h"
#include "sluice/server/reloader.h"
#include "sluice/server/server.h"

namespace sluice::api {

/// Belongs to the main thread.
class AdminApi {
 public:
  /// Called with the response. `refusal` is for the log: why the request was refused; empty if it
  /// was not.
  using Answer = std::function<void(http::Response response, std::string_view refusal)>;
  /// Keeps a request pending. Destroying it withdraws the request: `answer` is not called any more.
  using Pending = std::shared_ptr<const void>;

  /// Without `token`, the API has no requests that change anything. `reloader` is null without a
  /// configuration file. The server, the reloader and the log outlive the API.
  AdminApi(server::Server& server, server::Reloader* reloader,
           std::optional<server::AdminToken> token, base::Log& log)
      : server_(server), reloader_(reloader), token_(std::move(token)), log_(log) {}

  /// Returns the method of the request for `path`, GET or POST; empty if the API has no such path.
  std::string_view MethodOf(std::string_view path) const;

  /// Answers a request for a path of the API with the method of that path. Calls `answer` once,
  /// from inside this call or later, as long as the result lives.
  [[nodiscard]] Pending Handle(const http::RequestHead& head, std::string_view body,
                               const net::Address& client, const Answer& answer);

 private:
  struct Call {
    std::string_view body;
    const net::Address& client;
    const Answer& answer;
  };
  struct Endpoint {
    std::string_view path;
    std::string_view method;
    bool needs_token;
    bool needs_file;  // The configuration comes from a file.
    Pending (AdminApi::*handle)(const Call& call);
  };
  static std::span<const Endpoint> Endpoints();
  const Endpoint* Find(std::string_view path) const;

  Pending GetStatus(const Call& call);
  Pending PostReload(const Call& call);
  Pending PostTicket(const Call& call);
  void LogIssued(const auth::TicketTerms& terms, const net::Address& client);

  server::Server& server_;
  server::Reloader* const reloader_;
  const std::optional<server::AdminToken> token_;
  base::Log& log_;
};

}  // namespace sluice::api
