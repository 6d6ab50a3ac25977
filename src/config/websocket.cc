#include "config/websocket.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "sluice/base/text.h"
#include "sluice/config/patterns.h"
#include "sluice/settings/backend.h"
#include "sluice/settings/endpoint.h"
#include "sluice/settings/quote.h"

#include "config/values.h"

namespace sluice::config {
namespace {

using base::Unexpected;

Parsed<std::string> ParseHeaderValue(std::string_view text) {
  const auto is_good = [](char c) { return c == '\t' || (c >= 0x20 && c != 0x7f) || c < 0; };
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_good)) {
    // The value may be a secret, so the message does not show it.
    return Unexpected(std::string("expected a text of one line that is not empty"));
  }
  return std::string(base::TrimWhitespace(text));
}

Parsed<std::string> ParseOneOrigin(std::string_view text) {
  auto origin = ParseOrigin(text);
  if (origin && origin->find('*') != std::string::npos) {
    return Unexpected(settings::Expected("one origin, such as https://app.example.com", text));
  }
  return origin;
}

/// Headers of the handshake itself, and headers that would change where the request ends.
bool IsReserved(std::string_view name) {
  constexpr std::array<std::string_view, 8> kReserved = {
      "host",           "upgrade",           "connection", "origin",
      "content-length", "transfer-encoding", "te",         "trailer"};
  const std::string lower = base::ToLower(name);
  return lower.starts_with("sec-websocket-") ||
         std::find(kReserved.begin(), kReserved.end(), lower) != kReserved.end();
}

void ReadHeaders(Reader& reader, const Value& value, settings::WebSocketClient& client) {
  if (!reader.ExpectMapping(value)) return;
  for (const auto& entry : reader.Entries(value)) {
    const auto is_same = [&entry](const settings::UpgradeHeader& other) {
      return base::EqualsIgnoringCase(other.name, entry.key);
    };
    if (!base::IsToken(entry.key)) {
      reader.Error(entry.key_mark, settings::Expected("the name of a header", entry.key));
    } else if (IsReserved(entry.key)) {
      reader.Error(entry.key_mark,
                   settings::Quote(entry.key) + " is a header that the upgrade itself sets");
    } else if (std::any_of(client.headers.begin(), client.headers.end(), is_same)) {
      reader.Error(entry.key_mark, settings::Quote(entry.key) + " is in the mapping twice");
    }
    settings::UpgradeHeader header{entry.key, {}};
    if (reader.ReadScalar(entry.value, "the value of a header", ParseHeaderValue, header.value)) {
      client.headers.push_back(std::move(header));
    }
  }
}

constexpr Field<settings::WebSocketClient> kWebSocketFields[] = {
    {"subprotocol",
     [](Reader& reader, const Value& value, settings::WebSocketClient& client) {
       reader.ReadScalar(value, "a subprotocol", ParseSubprotocol, client.subprotocol);
     }},
    {"origin",
     [](Reader& reader, const Value& value, settings::WebSocketClient& client) {
       reader.ReadScalar(value, "an origin", ParseOneOrigin, client.origin);
     }},
    {"headers", ReadHeaders},
};

size_t Count(const settings::Backend& backend, settings::Endpoint::Kind kind) {
  return static_cast<size_t>(std::count_if(
      backend.servers.begin(), backend.servers.end(),
      [kind](const settings::Server& server) { return server.address.kind == kind; }));
}

}  // namespace

void ReadWebSocketClient(Reader& reader, const Value& value, settings::Backend& backend) {
  reader.ReadMapping<settings::WebSocketClient>(value, kWebSocketFields, backend.websocket);
  const bool has_any = Count(backend, settings::Endpoint::Kind::kWs) +
                           Count(backend, settings::Endpoint::Kind::kWss) !=
                       0;
  if (!has_any && !backend.servers.empty()) {
    reader.Error(value, "needs servers that are WebSockets: ws://host/path or wss://host/path");
  }
}

void CheckSchemes(Reader& reader, const Value& value, const std::optional<Value>& tls,
                  settings::Backend& backend) {
  const size_t plain = Count(backend, settings::Endpoint::Kind::kWs);
  const size_t secure = Count(backend, settings::Endpoint::Kind::kWss);
  const bool is_mixed = (plain != 0 && plain != backend.servers.size()) ||
                        (secure != 0 && secure != backend.servers.size());
  if (is_mixed) {
    reader.Error(value, "the servers of a backend are all ws://, all wss://, or none of them is");
  } else if (plain != 0 && tls) {
    reader.Error(*tls, "has no effect on servers that are ws://; expected wss:// there");
  }
  if (secure != 0 && !backend.tls) backend.tls.emplace();
}

void AddWebSocketMappings(std::vector<KnownMapping>& mappings) {
  mappings.push_back({"websocket", KeysOf<settings::WebSocketClient>(kWebSocketFields)});
}

}  // namespace sluice::config
