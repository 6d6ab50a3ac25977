#include "sluice/admin/admin_server.h"

#include <utility>

#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/listener.h>
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

namespace sluice::embedded {
extern const std::string_view kStatusPage;
}

namespace sluice::admin {
namespace {

constexpr ev_ssize_t kMaxHeadBytes = 16 * 1024;
constexpr ev_ssize_t kMaxBodyBytes = 4 * 1024;
constexpr int kTimeoutSeconds = 10;
/// All that libevent knows, so that those we do not take get our 405 and not its 501.
constexpr ev_uint16_t kAllMethods = EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD |
                                    EVHTTP_REQ_PUT | EVHTTP_REQ_DELETE | EVHTTP_REQ_OPTIONS |
                                    EVHTTP_REQ_TRACE | EVHTTP_REQ_CONNECT | EVHTTP_REQ_PATCH;

constexpr const char* kPlainText = "text/plain; charset=utf-8";
constexpr const char* kExposition = "text/plain; version=0.0.4; charset=utf-8";

constexpr const char* kJson = "application/json";
constexpr const char* kHtml = "text/html; charset=utf-8";

constexpr std::string_view kIndex =
    "sluice admin\n"
    "\n"
    "/metrics  metrics in Prometheus' text format\n"
    "/healthz  200 while sluice runs\n"
    "/readyz   200 while new sessions are welcome, else 503 and the reason\n"
    "/status   routes, backends and servers with their state, in JSON\n"
    "/status.html  a page that shows them\n"
    "\n"
    "with a token_file in the configuration, by POST:\n"
    "/reload   the configuration is read anew\n"
    "/tickets  a one-time ticket\n";

struct Response {
  int status = HTTP_OK;
  const char* phrase = "OK";
  std::string body;
  const char* content_type = kPlainText;
};

const char* PhraseOf(int status) {
  switch (status) {
    case HTTP_OK:
      return "OK";
    case HTTP_BADREQUEST:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case HTTP_NOTFOUND:
      return "Not Found";
    case 422:
      return "Unprocessable Entity";
    default:
      return "Service Unavailable";
  }
}

void AddHeader(evhttp_request* request, const char* name, const char* value) {
  evhttp_add_header(evhttp_request_get_output_headers(request), name, value);
}

void Send(evhttp_request* request, const Response& response) {
  AddHeader(request, "Content-Type", response.content_type);
  AddHeader(request, "Cache-Control", "no-store");
  AddHeader(request, "X-Content-Type-Options", "nosniff");
  if (evhttp_request_get_command(request) == EVHTTP_REQ_HEAD) {
    // libevent would send the body of an answer to HEAD, so it gets none, only the length.
    AddHeader(request, "Content-Length", std::to_string(response.body.size()).c_str());
  } else {
    evbuffer_add(evhttp_request_get_output_buffer(request), response.body.data(),
                 response.body.size());
  }
  evhttp_send_reply(request, response.status, response.phrase, nullptr);
}

void SendStatusPage(evhttp_request* request) {
  AddHeader(
      request, "Content-Security-Policy",
      "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; connect-src "
      "'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  Send(request, {HTTP_OK, "OK", std::string(embedded::kStatusPage), kHtml});
}

// Accepting failed: most likely no descriptor was left. The connection waits in the backlog and
// would be reported again at once, for ever, with a line on stderr each time. libevent hands us the
// listener and nothing of ours, hence no timer of our own.
void LookAwayForAMoment(evconnlistener* listener, void* /*http*/) {
  const timeval moment{.tv_sec = 0, .tv_usec = 100'000};
  evconnlistener_disable(listener);
  event_base_once(
      evconnlistener_get_base(listener), -1, EV_TIMEOUT,
      [](evutil_socket_t, short, void* arg) {
        evconnlistener_enable(static_cast<evconnlistener*>(arg));
      },
      listener, &moment);
}

}  // namespace

void AdminServer::HttpDeleter::operator()(evhttp* http) const {
  evhttp_free(http);
}

base::Result<std::unique_ptr<AdminServer>, std::string> AdminServer::Listen(
    net::EventLoop& loop, const config::Endpoint& address, const Status& status,
    Collectables collectables, Actions* actions, std::optional<net::ListeningSocket> socket) {
  if (!socket) {
    auto bound = net::Listen(address);
    if (!bound) return base::Unexpected(std::move(bound).error());
    socket = *std::move(bound);
  }
  std::unique_ptr<AdminServer> server(
      new AdminServer(*std::move(socket), status, std::move(collectables), actions));
  if (!server->Start(loop)) {
    return base::Unexpected("cannot serve on " + address.ToString() + ": out of memory");
  }
  return server;
}

AdminServer::AdminServer(net::ListeningSocket socket, const Status& status,
                         Collectables collectables, Actions* actions)
    : socket_(std::move(socket)),
      status_(status),
      collectables_(std::move(collectables)),
      actions_(actions) {}

bool AdminServer::Start(net::EventLoop& loop) {
  http_.reset(evhttp_new(loop.base()));
  if (!http_) return false;
  evhttp_set_max_headers_size(http_.get(), kMaxHeadBytes);
  evhttp_set_max_body_size(http_.get(), kMaxBodyBytes);
  evhttp_set_timeout(http_.get(), kTimeoutSeconds);
  evhttp_set_allowed_methods(http_.get(), kAllMethods);
  evhttp_set_gencb(
      http_.get(),
      [](evhttp_request* request, void* self) { static_cast<AdminServer*>(self)->Handle(request); },
      this);
  // The socket listens already (backlog 0), and stays ours to close.
  evconnlistener* const listener = evconnlistener_new(
      loop.base(), nullptr, nullptr, LEV_OPT_CLOSE_ON_EXEC, /*backlog=*/0, socket_.fd.get());
  if (listener == nullptr) return false;
  if (evhttp_bind_listener(http_.get(), listener) == nullptr) {
    evconnlistener_free(listener);
    return false;
  }
  evconnlistener_set_error_cb(listener, LookAwayForAMoment);
  return true;
}

void AdminServer::HandleAction(evhttp_request* request, std::string_view path) const {
  if (evhttp_request_get_command(request) != EVHTTP_REQ_POST) {
    AddHeader(request, "Allow", "POST");
    return Send(request, {405, "Method Not Allowed", "expected POST\n"});
  }
  evbuffer* const input = evhttp_request_get_input_buffer(request);
  std::string body(evbuffer_get_length(input), '\0');
  evbuffer_copyout(input, body.data(), body.size());
  const char* const authorization =
      evhttp_find_header(evhttp_request_get_input_headers(request), "Authorization");
  auto answer = actions_->Post(path, authorization == nullptr ? "" : authorization, body);
  if (answer.status == 401) AddHeader(request, "WWW-Authenticate", "Bearer");
  Send(request, {answer.status, PhraseOf(answer.status), std::move(answer.body), kJson});
}

void AdminServer::Handle(evhttp_request* request) const {
  const auto method = evhttp_request_get_command(request);
  const char* const raw_path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(request));
  const std::string_view path = raw_path == nullptr ? "" : raw_path;
  if (actions_ != nullptr && actions_->Has(path)) return HandleAction(request, path);
  if (method != EVHTTP_REQ_GET && method != EVHTTP_REQ_HEAD) {
    AddHeader(request, "Allow", "GET, HEAD");
    return Send(request, {405, "Method Not Allowed", "expected GET or HEAD\n"});
  }
  if (path == "/metrics") return Send(request, {HTTP_OK, "OK", Metrics(), kExposition});
  if (path == "/healthz") return Send(request, {HTTP_OK, "OK", "ok\n"});
  if (path == "/readyz") {
    if (status_.Ready()) return Send(request, {HTTP_OK, "OK", "ready\n"});
    return Send(request,
                {HTTP_SERVUNAVAIL, "Service Unavailable", status_.NotReadyReason() + '\n'});
  }
  if (path == "/status") return Send(request, {HTTP_OK, "OK", status_.Report(), kJson});
  if (path == "/status.html") return SendStatusPage(request);
  if (path == "/") return Send(request, {HTTP_OK, "OK", std::string(kIndex)});
  Send(request, {HTTP_NOTFOUND, "Not Found", "no such page; / lists those that there are\n"});
}

std::string AdminServer::Metrics() const {
  std::vector<prometheus::MetricFamily> families;
  for (const auto& collectable : collectables_) {
    for (auto& family : collectable->Collect()) families.push_back(std::move(family));
  }
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace sluice::admin
