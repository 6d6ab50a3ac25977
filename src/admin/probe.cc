#include "sluice/admin/probe.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <utility>

#include <event2/buffer.h>
#include <event2/http.h>

#include "sluice/base/free_with.h"
#include "sluice/net/address.h"
#include "sluice/net/event_loop.h"

namespace sluice::admin {
namespace {

using base::Unexpected;
using Outcome = base::Result<std::string, std::string>;

constexpr ev_ssize_t kMaxAnswerHeadBytes = 16 * 1024;
constexpr ev_ssize_t kMaxAnswerBodyBytes = 16 * 1024 * 1024;
/// The characters of a refusal's text that the error contains at most.
constexpr size_t kMaxReason = 200;

std::string BodyOf(evhttp_request* request) {
  evbuffer* const buffer = evhttp_request_get_input_buffer(request);
  std::string body(evbuffer_get_length(buffer), '\0');
  evbuffer_copyout(buffer, body.data(), body.size());
  return body;
}

std::string FirstLine(const std::string& text) {
  return text.substr(0, std::min(text.find_first_of("\r\n"), kMaxReason));
}

class ProbeRequest final : private net::TimerHandler {
 public:
  ProbeRequest(const settings::Endpoint& server, std::string path, base::Duration timeout)
      : server_(server), path_(std::move(path)), timeout_(timeout), deadline_(loop_, *this) {}

  Outcome Run() {
    connection_.reset(evhttp_connection_base_new(loop_.base(), /*dnsbase=*/nullptr,
                                                 server_.host.c_str(), server_.port));
    evhttp_request* const request = evhttp_request_new(OnAnswer, this);
    if (!connection_ || request == nullptr) return Unexpected(std::string("out of memory"));
    evhttp_connection_set_max_headers_size(connection_.get(), kMaxAnswerHeadBytes);
    evhttp_connection_set_max_body_size(connection_.get(), kMaxAnswerBodyBytes);
    // Later than the deadline, which covers the complete request and reports the error.
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout_).count() + 2;
    evhttp_connection_set_timeout(connection_.get(), static_cast<int>(seconds));
    evhttp_request_set_error_cb(request, OnError);
    evkeyvalq* const headers = evhttp_request_get_output_headers(request);
    evhttp_add_header(headers, "Host", server_.Authority().c_str());
    evhttp_add_header(headers, "Connection", "close");
    deadline_.Start(timeout_);
    // The connection owns the request from here on, even if this fails.
    if (evhttp_make_request(connection_.get(), request, EVHTTP_REQ_GET, path_.c_str()) != 0) {
      return Unexpected("cannot connect to " + server_.ToString());
    }
    if (!outcome_) loop_.Run();
    return *std::move(outcome_);
  }

 private:
  void OnTimer() override {
    End(Unexpected("no answer from " + server_.ToString() + " within " +
                   std::to_string(timeout_.count()) + " ms"));
  }

  // The first outcome counts. Stop also ends a Run that has not begun.
  void End(Outcome outcome) {
    if (outcome_) return;
    outcome_ = std::move(outcome);
    loop_.Stop();
  }

  // Called before OnAnswer if a connection was open but no complete answer has arrived.
  static void OnError(evhttp_request_error, void* self_pointer) {
    auto& self = *static_cast<ProbeRequest*>(self_pointer);
    self.End(Unexpected(self.server_.ToString() + " did not answer with a complete response"));
  }

  static void OnAnswer(evhttp_request* request, void* self_pointer) {
    auto& self = *static_cast<ProbeRequest*>(self_pointer);
    const int status = request == nullptr ? 0 : evhttp_request_get_response_code(request);
    if (status == 0) return self.End(Unexpected("cannot connect to " + self.server_.ToString()));
    std::string body = BodyOf(request);
    if (status == HTTP_OK) return self.End(std::move(body));
    self.End(Unexpected(self.path_ + " on " + self.server_.ToString() + " answered " +
                        std::to_string(status) + ": " + FirstLine(body)));
  }

  settings::Endpoint server_;
  std::string path_;
  base::Duration timeout_;
  std::optional<Outcome> outcome_;
  net::EventLoop loop_;
  net::Timer deadline_;
  std::unique_ptr<evhttp_connection, base::FreeWith<evhttp_connection_free>> connection_;
};

}  // namespace

Outcome Probe(const settings::Endpoint& admin, std::string_view path, base::Duration timeout) {
  settings::Endpoint server = admin;
  // A listener on :: also accepts IPv4 (net::Listen).
  if (server.host == "0.0.0.0" || server.host == "::") server.host = "127.0.0.1";
  const auto address = net::Address::Of(server);
  if (!address) return Unexpected("cannot ask " + admin.ToString() + ": " + address.error());
  if (server.kind != settings::Endpoint::Kind::kTcp || !*address) {
    return Unexpected("cannot ask " + admin.ToString() + ", expected an IP address and a port");
  }
  return ProbeRequest(server, std::string(path), timeout).Run();
}

}  // namespace sluice::admin
