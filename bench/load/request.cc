#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <netdb.h>
#include <nlohmann/json.hpp>

#include "load/work.h"

namespace sluice::bench {
namespace {

WorkKind ParseKind(const std::string& name) {
  static const std::map<std::string, WorkKind> kKinds = {
      {"to_client", WorkKind::kToClient}, {"to_backend", WorkKind::kToBackend},
      {"echo", WorkKind::kEcho},          {"ping", WorkKind::kPing},
      {"connect", WorkKind::kConnect},    {"idle", WorkKind::kIdle},
      {"mixed", WorkKind::kMixed}};
  const auto found = kKinds.find(name);
  if (found == kKinds.end()) throw std::runtime_error("unknown work '" + name + "'");
  return found->second;
}

size_t DefaultMessage(WorkKind kind) {
  const bool is_small =
      kind == WorkKind::kPing || kind == WorkKind::kConnect || kind == WorkKind::kMixed;
  return is_small ? 64 : size_t{64} * 1024;
}

Endpoint Resolve(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  if (const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &list)) {
    throw std::runtime_error(host + ": " + gai_strerror(error));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(list, freeaddrinfo);
  Endpoint endpoint;
  endpoint.size = list->ai_addrlen;
  std::copy_n(reinterpret_cast<const char*>(list->ai_addr), list->ai_addrlen,
              reinterpret_cast<char*>(&endpoint.address));
  return endpoint;
}

void ParseUrl(const std::string& url, Request& request) {
  const size_t scheme_end = url.find("://");
  if (scheme_end == std::string::npos) throw std::runtime_error("no URL: '" + url + "'");
  const std::string scheme = url.substr(0, scheme_end);
  request.websocket = scheme == "ws" || scheme == "wss";
  request.tls = scheme == "wss" || scheme == "tls+tcp";
  if (!request.websocket && !request.tls && scheme != "tcp") {
    throw std::runtime_error("unknown scheme '" + scheme + "'");
  }
  const size_t path = url.find('/', scheme_end + 3);
  request.host = url.substr(scheme_end + 3, path - scheme_end - 3);
  request.path = path == std::string::npos ? "/" : url.substr(path);
  const size_t colon = request.host.rfind(':');
  if (colon == std::string::npos) throw std::runtime_error("a URL without a port: '" + url + "'");
  request.endpoint = Resolve(request.host.substr(0, colon), request.host.substr(colon + 1));
}

}  // namespace

Request ParseRequest(const std::string& line) {
  const nlohmann::json json = nlohmann::json::parse(line);
  Request request;
  request.kind = ParseKind(json.at("work"));
  ParseUrl(json.at("url"), request);
  request.sessions = json.value("sessions", size_t{1});
  request.message = json.value("message", DefaultMessage(request.kind));
  request.bulk_message = json.value("bulk_message", size_t{64} * 1024);
  request.pipeline = json.value("pipeline", size_t{1});
  request.rate = json.value("rate", size_t{0});
  request.seconds = json.at("seconds");
  request.warmup = json.value("warmup", 0.0);
  request.cpu_of = json.value("cpu_of", std::vector<pid_t>());
  request.subprotocol = json.value("subprotocol", std::string());
  request.socket_buffer = json.value("socket_buffer", 0);
  if (request.sessions == 0 || request.message == 0 || request.bulk_message == 0 ||
      request.pipeline == 0) {
    throw std::runtime_error("sessions, message, bulk_message and pipeline are at least 1");
  }
  if (request.rate != 0 && request.kind != WorkKind::kPing) {
    throw std::runtime_error("only ping has a rate");
  }
  return request;
}

}  // namespace sluice::bench
