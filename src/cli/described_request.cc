#include "cli/described_request.h"

#include <algorithm>
#include <utility>

#include "sluice/base/bytes.h"
#include "sluice/base/text.h"
#include "sluice/config/suggest.h"
#include "sluice/http/request_parser.h"
#include "sluice/intake/forwarded_client.h"
#include "sluice/routing/match.h"
#include "sluice/settings/config.h"
#include "sluice/settings/limits.h"
#include "sluice/settings/listener.h"
#include "sluice/settings/quote.h"
#include "sluice/settings/route.h"

namespace sluice::cli {
namespace {

using base::Unexpected;
using settings::NamedValues;
using Fault = std::optional<std::string>;

base::Result<http::RequestHead, http::Refusal> ParseHead(const Explain& command,
                                                         const settings::Limits& limits,
                                                         std::string_view scheme) {
  const std::string_view after = std::string_view(command.url).substr(scheme.size() + 3);
  std::string text = command.method + ' ' + command.url + " HTTP/1.1\r\n";
  text.append("Host: ").append(after.substr(0, after.find_first_of("/?#"))).append("\r\n");
  if (scheme.starts_with("ws")) {
    text +=
        "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
  }
  for (const auto& offer : command.subprotocols) {
    text.append("Sec-WebSocket-Protocol: ").append(offer).append("\r\n");
  }
  for (const auto& header : command.headers) text.append(header).append("\r\n");
  text += "\r\n";
  http::RequestParser parser({limits.request_line, limits.header, limits.header_count});
  const auto used = parser.Feed(base::AsBytes(text));
  if (!used) return Unexpected(used.error());
  return std::move(parser.head());
}

/// Returns the listener of that name, or the first one for the scheme of the URL: plain TCP, or
/// HTTP with or without TLS.
base::Result<size_t, std::string> ChooseListener(const settings::Config& config,
                                                 const Explain& command, bool wants_tls) {
  const auto& listeners = config.listeners;
  const auto index = [&](auto is_fit) {
    return static_cast<size_t>(std::find_if(listeners.begin(), listeners.end(), is_fit) -
                               listeners.begin());
  };
  if (command.listener) {
    const size_t named = index([&](const auto& one) { return one.name == *command.listener; });
    if (named != listeners.size()) return named;
    std::vector<std::string_view> names;
    for (const auto& one : listeners) names.push_back(one.name);
    return Unexpected("--listener: there is no listener " + settings::Quote(*command.listener) +
                      config::Suggestion(*command.listener, names, "the listeners are"));
  }
  const bool is_tcp = command.url == kTcpUrl;
  const size_t fit = index([&](const auto& one) {
    if ((one.protocol == settings::ListenerProtocol::kTcp) != is_tcp) return false;
    return is_tcp || one.tls.has_value() == wants_tls;
  });
  return fit != listeners.size() ? fit : 0;
}

std::string AddressOf(const std::optional<base::IpAddress>& client) {
  return client ? client->ToString() : "unix";
}

/// Returns the headers of the request by which proxies report clients.
std::string ForwardedHeaders(const http::RequestHead& head) {
  std::string names;
  for (const char* name : {"X-Forwarded-For", "X-Forwarded-Proto", "Forwarded"}) {
    if (head.Find(name)) names.append(names.empty() ? "" : ", ").append(name);
  }
  return names;
}

/// Applies `trusted_proxies`, as the gateway does.
void ApplyForwarded(const settings::Config& config, DescribedRequest& request) {
  const auto& proxies = config.trusted_proxies;
  const auto peer = request.facts.client;
  const std::string names = ForwardedHeaders(request.head);
  if (!intake::IsTrustedProxy(config, peer)) {
    if (names.empty()) return;
    request.client_note =
        names + " ignored: " +
        (proxies ? "--from is not one of 'trusted_proxies'" : "the file has no 'trusted_proxies'");
    return;
  }
  const auto client = intake::ReadForwarded(*proxies, request.head);
  if (!client) {
    request.refusal = client.error();
    return;
  }
  request.uses_tls = client->uses_tls;
  const bool is_standard = proxies->header == settings::ForwardedHeader::kForwarded;
  const std::string header = is_standard ? "Forwarded" : "X-Forwarded-For";
  const std::string proxy = "the trusted proxy " + AddressOf(peer);
  if (client->node) {
    request.facts.client = client->node->ip;
    request.client_note = header + " of " + proxy;
  } else {
    request.client_note = proxy + " names no client in " + header;
  }
}

void AddClaims(const std::vector<Claim>& given, std::vector<NamedValues>& claims) {
  for (const auto& [name, value] : given) {
    const auto known =
        std::find_if(claims.begin(), claims.end(),
                     [&name = name](const auto& other) { return other.name == name; });
    auto& values =
        known != claims.end() ? known->values : claims.emplace_back(NamedValues{name, {}}).values;
    values.push_back(value);
  }
}

}  // namespace

std::vector<std::string> DescribedRequest::ValuesOf(std::string_view claim) const {
  for (const auto& [name, values] : claims) {
    if (name == claim) return values;
  }
  return {};
}

base::Result<std::unique_ptr<DescribedRequest>, std::string> DescribeRequest(
    const settings::Config& config, const Explain& command) {
  auto request = std::make_unique<DescribedRequest>();
  const std::string scheme = base::ToLower(command.url.substr(0, command.url.find(':')));
  const bool wants_tls = scheme == "wss" || scheme == "https";
  if (command.url != kTcpUrl) {
    auto head = ParseHead(command, config.limits, scheme);
    if (head) {
      request->head = *std::move(head);
    } else if (head.error().cause == base::Cause::kBadRequest) {
      return Unexpected("the request that URL and options describe is invalid: " +
                        head.error().detail);
    } else {
      request->refusal = std::move(head).error();
      return request;
    }
    request->facts = routing::RequestFacts(request->head);
  }
  const auto listener = ChooseListener(config, command, wants_tls);
  if (!listener) return Unexpected(listener.error());
  request->facts.listener = *listener;
  request->facts.client = command.from;
  request->uses_tls = wants_tls && config.listeners[*listener].tls.has_value();
  if (command.sni) {
    request->facts.sni = routing::NormalizeHost(*command.sni);
  } else if (request->uses_tls) {
    request->facts.sni = request->facts.host;
  }
  request->facts.certificate = command.certificates;
  AddClaims(command.claims, request->claims);
  if (request->facts.head != nullptr) ApplyForwarded(config, *request);
  return request;
}

}  // namespace sluice::cli
