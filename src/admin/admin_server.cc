#include "sluice/admin/admin_server.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include "sluice/base/text.h"
#include "sluice/net/tcp_stream.h"

#include "connection.h"

namespace sluice::embedded {
extern const std::string_view kStatusPage;
}

namespace sluice::admin {
namespace {

using http::Response;

constexpr base::Duration kRefusalLogInterval{1'000};

constexpr const char* kPlainText = "text/plain; charset=utf-8";
constexpr const char* kExposition = "text/plain; version=0.0.4; charset=utf-8";

constexpr const char* kHtml = "text/html; charset=utf-8";

constexpr std::string_view kIndex =
    "sluice admin\n"
    "\n"
    "/metrics  metrics in Prometheus' text format\n"
    "/healthz  200 while sluice runs\n"
    "/readyz   200 while new sessions are accepted, else 503 and the reason\n"
    "/status   routes, backends and servers with their state, in JSON\n"
    "/status.html  a page that shows them\n"
    "\n"
    "with a token_file in the configuration, by POST:\n"
    "/reload   reloads the configuration\n"
    "/tickets  issues a one-time ticket\n";

constexpr const char* kHostRefused =
    "host_not_allowed: the admin listener does not serve this host; use its IP address, or set "
    "'hosts' of 'admin'\n";

Response Page(uint16_t status, std::string body, const char* content_type = kPlainText) {
  return {status, {{"Content-Type", content_type}}, std::move(body)};
}

/// Returns the response to a method other than `method`, which is GET or POST.
Response MethodNotAllowed(std::string_view method) {
  const bool is_get = method == "GET";
  Response response = Page(405, is_get ? "expected GET or HEAD\n" : "expected POST\n");
  response.headers.push_back({"Allow", is_get ? "GET, HEAD" : "POST"});
  return response;
}

Response StatusPage() {
  Response response = Page(200, std::string(embedded::kStatusPage), kHtml);
  response.headers.push_back(
      {"Content-Security-Policy",
       "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src "
       "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"});
  return response;
}

}  // namespace

base::Result<std::unique_ptr<AdminServer>, std::string> AdminServer::Listen(
    net::EventLoop& loop, const settings::Endpoint& address, Program& program,
    Collectables collectables, Options options, std::optional<net::ListeningSocket> socket) {
  if (!socket) {
    auto bound = net::Listen(address);
    if (!bound) return base::Unexpected(std::move(bound).error());
    socket = *std::move(bound);
  }
  return std::unique_ptr<AdminServer>(new AdminServer(loop, *std::move(socket), program,
                                                      std::move(collectables), std::move(options)));
}

AdminServer::AdminServer(net::EventLoop& loop, net::ListeningSocket socket, Program& program,
                         Collectables collectables, Options options)
    : loop_(loop),
      program_(program),
      collectables_(std::move(collectables)),
      options_(std::move(options)),
      any_host_(std::find(options_.hosts.begin(), options_.hosts.end(), "*") !=
                options_.hosts.end()),
      hosts_(options_.hosts),
      refusal_log_limit_(kRefusalLogInterval),
      listener_(loop, std::move(socket), *this) {}

AdminServer::~AdminServer() = default;

// ---- Connections ----

void AdminServer::OnAccept(net::Fd fd, const net::Address& client) {
  if (connections_.size() >= kMaxConnections) CloseOne();
  auto stream = std::make_unique<net::TcpStream>(loop_, std::move(fd));
  Responder& self = *this;
  connections_.push_back(std::make_unique<Connection>(
      loop_, std::move(stream), client, options_.request_timeout, options_.answer_timeout, self));
  connections_.back()->Start();
}

/// Closes one connection, so that open connections do not block health checks. Chooses a connection
/// whose reply has been sent; if there is none, one that waits for its client; and one that waits
/// for an answer only if all do. Of several, it chooses the one that has waited longest.
void AdminServer::CloseOne() {
  const auto order = [](const auto& connection) {
    return std::tuple(connection->is_awaiting_answer(), !connection->is_lingering(),
                      connection->waits_since());
  };
  const auto first = std::min_element(
      connections_.begin(), connections_.end(),
      [&order](const auto& one, const auto& other) { return order(one) < order(other); });
  (*first)->Abort();
}

void AdminServer::Release(Connection& connection) {
  const auto place = std::find_if(connections_.begin(), connections_.end(),
                                  [&](const auto& one) { return one.get() == &connection; });
  loop_.DestroyLater(std::move(*place));
  connections_.erase(place);
}

// ---- Requests ----

/// Returns true if the listener serves the host of the request. Otherwise a web page could read
/// everything here by DNS rebinding. A request without a Host does not come from a browser.
bool AdminServer::ServesHost(const http::RequestHead& head) const {
  return head.host.empty() || any_host_ || hosts_.Contain(http::NormalizeHost(head.host));
}

/// Logs a refusal, at most one line a second.
void AdminServer::LogRefusal(Connection& connection, int status, std::string_view why) {
  if (options_.log == nullptr) return;
  const auto omitted = refusal_log_limit_.Admit(net::EventLoop::Now());
  if (!omitted) return;
  const http::RequestHead& head = connection.head();
  const std::string address = connection.address().ToString();
  const std::string method = base::Excerpt(head.method);
  const std::string host = base::Excerpt(head.host);
  const std::string path = base::Excerpt(head.path);
  std::vector<base::LogField> fields = {{"client", address}, {"method", method},
                                        {"path", path},      {"code", status},
                                        {"detail", why},     {"omitted", *omitted}};
  if (!host.empty()) fields.emplace_back("host", host);
  if (status == 401) fields.emplace_back("reason", base::ReasonOf(base::Cause::kUnauthorized));
  if (status == 421) fields.emplace_back("reason", base::ReasonOf(base::Cause::kHostNotAllowed));
  options_.log->Write(base::LogLevel::kWarn, "admin_refused", fields);
}

std::shared_ptr<const void> AdminServer::Respond(Connection& connection, std::string_view body) {
  const http::RequestHead& head = connection.head();
  if (!ServesHost(head)) {
    ReplyWithPage(connection, Page(421, kHostRefused));
    return nullptr;
  }
  const std::string_view method = program_.ApiMethodOf(head.path);
  if (method.empty()) {
    ReplyWithPage(connection, RespondWithPage(head));
    return nullptr;
  }
  if (head.method != method && !(head.method == "HEAD" && method == "GET")) {
    ReplyWithPage(connection, MethodNotAllowed(method));
    return nullptr;
  }
  return program_.HandleApi(head, body, connection.address(),
                            [this, &connection](Response response, std::string_view refusal) {
                              if (!refusal.empty()) {
                                LogRefusal(connection, response.status, refusal);
                              }
                              connection.Reply(std::move(response));
                            });
}

void AdminServer::ReplyWithPage(Connection& connection, Response response) {
  // A 503 from /readyz is a normal answer, not a refusal.
  if (response.status >= 400 && response.status != 503) {
    LogRefusal(connection, response.status,
               std::string_view(response.body).substr(0, response.body.find('\n')));
  }
  connection.Reply(std::move(response));
}

Response AdminServer::RespondWithPage(const http::RequestHead& head) const {
  const std::string& path = head.path;
  if (head.method != "GET" && head.method != "HEAD") return MethodNotAllowed("GET");
  if (path == "/metrics") return Page(200, Metrics(), kExposition);
  if (path == "/healthz") return Page(200, "ok\n");
  if (path == "/readyz") {
    return program_.IsReady() ? Page(200, "ready\n") : Page(503, program_.NotReadyReason() + '\n');
  }
  if (path == "/status.html") return StatusPage();
  if (path == "/") return Page(200, std::string(kIndex));
  return Page(404, "no such page; / lists those that there are\n");
}

std::string AdminServer::Metrics() const {
  std::vector<prometheus::MetricFamily> families;
  for (const auto& collectable : collectables_) {
    for (auto& family : collectable->Collect()) families.push_back(std::move(family));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace sluice::admin
