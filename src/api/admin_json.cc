#include "api/admin_json.h"

#include <chrono>
#include <utility>

#include <nlohmann/json.hpp>

namespace sluice::api {
namespace {

using Health = routing::ServerState::Health;
using OrderedJson = nlohmann::ordered_json;

/// Returns the document as text. Negative `indent`: in one line.
std::string TextOf(const OrderedJson& json, int indent = -1) {
  return json.dump(indent, ' ', false, OrderedJson::error_handler_t::replace) + '\n';
}

std::string_view TextOf(Health health) {
  switch (health) {
    case Health::kUp:
      return "up";
    case Health::kStarting:
      return "starting";
    case Health::kEjected:
      return "ejected";
    case Health::kDown:
      break;
  }
  return "down";
}

OrderedJson ServerObject(const routing::ServerState& server) {
  OrderedJson json = {{"address", server.address},   {"state", TextOf(server.health)},
                      {"sessions", server.sessions}, {"dials", server.dials},
                      {"max_sessions", nullptr},     {"weight", server.weight},
                      {"tier", server.tier},         {"ejections", server.ejections}};
  if (server.max_sessions != 0) json["max_sessions"] = server.max_sessions;
  if (server.health == Health::kEjected) {
    json["ejected_for"] = std::chrono::duration<double>(server.ejected_for).count();
  }
  return json;
}

OrderedJson BackendObject(const routing::BackendState& backend) {
  OrderedJson json = {{"name", backend.name}, {"servers", OrderedJson::array()}};
  for (const auto& server : backend.servers) json["servers"].push_back(ServerObject(server));
  if (backend.queue_size != 0) {
    json["queue"] = {{"waiting", backend.waiting}, {"size", backend.queue_size}};
  }
  return json;
}

void AddSilentWorkers(OrderedJson& json, const std::vector<size_t>& workers) {
  if (!workers.empty()) json["silent_workers"] = workers;
}

}  // namespace

http::Response JsonResponse(uint16_t status, std::string document) {
  return {status, {{"Content-Type", "application/json"}}, std::move(document)};
}

std::string ErrorJson(std::string_view why) {
  return TextOf({{"error", why}});
}

std::string StatusJson(const server::Status& status) {
  OrderedJson json = {{"routes", OrderedJson::array()}, {"backends", OrderedJson::array()}};
  for (const auto& [name, sessions] : status.routes) {
    json["routes"].push_back({{"name", name}, {"sessions", sessions}});
  }
  for (const auto& backend : status.backends) json["backends"].push_back(BackendObject(backend));
  AddSilentWorkers(json, status.silent_workers);
  return TextOf(json, 2);
}

std::string ReloadJson(const server::Reloader::Outcome& outcome) {
  OrderedJson json;
  switch (outcome.result) {
    case server::Reloader::Result::kUnchanged:
      json = {{"result", "unchanged"}};
      break;
    case server::Reloader::Result::kReloaded:
      json = {{"result", "reloaded"}, {"warnings", outcome.warnings}};
      break;
    case server::Reloader::Result::kFailed:
      json = {{"faults", outcome.faults}, {"result", "failed"}};
      break;
  }
  AddSilentWorkers(json, outcome.silent_workers);
  return TextOf(json);
}

std::string TicketJson(const IssuedTicket& ticket) {
  return TextOf({{"expires_in", ticket.lifetime.count()}, {"ticket", ticket.ticket}});
}

base::Result<std::map<std::string, std::string>, std::string> ParseTextObject(
    std::string_view document) {
  const auto json = nlohmann::json::parse(document, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return base::Unexpected(std::string("expected a JSON object such as {\"route\": \"vnc\"}"));
  }
  std::map<std::string, std::string> object;
  for (const auto& [key, value] : json.items()) {
    if (!value.is_string()) {
      return base::Unexpected(std::string("every value has to be a string"));
    }
    object.emplace(key, value.get<std::string>());
  }
  return object;
}

}  // namespace sluice::api
