#include "sluice/api/admin_api.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sluice/base/text.h"
#include "sluice/net/event_loop.h"

#include "api/admin_json.h"
#include "api/ticket_api.h"

namespace sluice::api {
namespace {

AdminApi::Pending Refuse(const AdminApi::Answer& answer, uint16_t status, std::string_view why) {
  http::Response response = JsonResponse(status, ErrorJson(why));
  if (status == 401) response.headers.push_back({"WWW-Authenticate", "Bearer"});
  answer(std::move(response), why);
  return nullptr;
}

uint16_t StatusOf(const server::Reloader::Outcome& outcome) {
  if (outcome.result == server::Reloader::Result::kFailed) return 422;
  // 202: the configuration is accepted, but some workers do not use it yet.
  return outcome.silent_workers.empty() ? 200 : 202;
}

}  // namespace

std::span<const AdminApi::Endpoint> AdminApi::Endpoints() {
  static constexpr std::array kEndpoints = {
      Endpoint{"/status", "GET", false, false, &AdminApi::GetStatus},
      Endpoint{"/reload", "POST", true, true, &AdminApi::PostReload},
      Endpoint{"/tickets", "POST", true, false, &AdminApi::PostTicket},
  };
  return kEndpoints;
}

const AdminApi::Endpoint* AdminApi::Find(std::string_view path) const {
  const auto endpoints = Endpoints();
  const auto found = std::find_if(endpoints.begin(), endpoints.end(), [&](const Endpoint& one) {
    return one.path == path && (token_ || !one.needs_token) &&
           (reloader_ != nullptr || !one.needs_file);
  });
  return found == endpoints.end() ? nullptr : &*found;
}

std::string_view AdminApi::MethodOf(std::string_view path) const {
  const Endpoint* const endpoint = Find(path);
  return endpoint == nullptr ? std::string_view() : endpoint->method;
}

AdminApi::Pending AdminApi::Handle(const http::RequestHead& head, std::string_view body,
                                   const net::Address& client, const Answer& answer) {
  const Endpoint& endpoint = *Find(head.path);
  if (endpoint.needs_token && !token_->IsIn(head.Find("Authorization").value_or(""))) {
    return Refuse(answer, 401, "expected 'Authorization: Bearer TOKEN' with the admin's token");
  }
  return (this->*endpoint.handle)({body, client, answer});
}

AdminApi::Pending AdminApi::GetStatus(const Call& call) {
  return server_.AskStatus([answer = call.answer](const server::Status& status) {
    answer(JsonResponse(200, StatusJson(status)), {});
  });
}

AdminApi::Pending AdminApi::PostReload(const Call& call) {
  return reloader_->Reload([answer = call.answer](const server::Reloader::Outcome& outcome) {
    answer(JsonResponse(StatusOf(outcome), ReloadJson(outcome)), {});
  });
}

AdminApi::Pending AdminApi::PostTicket(const Call& call) {
  const auto methods = server_.auth_methods();
  if (!methods) return Refuse(call.answer, 404, "no route takes tickets");
  const auto issued =
      IssueTicket(server_.config(), methods->tickets(), call.body, net::EventLoop::Now());
  if (!issued) return Refuse(call.answer, issued.error().status, issued.error().why);
  LogIssued(issued->terms, call.client);
  call.answer(JsonResponse(200, TicketJson(*issued)), {});
  return nullptr;
}

void AdminApi::LogIssued(const auth::TicketTerms& terms, const net::Address& client) {
  const std::string client_address = client.ToString();
  const std::string user = base::Excerpt(terms.user);
  const std::string address = terms.address ? terms.address->ToString() : "";
  const std::string origin = base::Excerpt(terms.origin.value_or(""));
  const std::string server = terms.server ? terms.server->ToString() : "";
  log_.Write(base::LogLevel::kInfo, "ticket_issued",
             {{"client", client_address},
              {"route", terms.route},
              {"user", user},
              {"address", address},
              {"origin", origin},
              {"server", server}});
}

}  // namespace sluice::api
