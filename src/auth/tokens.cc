#include "sluice/auth/tokens.h"

#include <algorithm>

#include <nlohmann/json.hpp>
#include <openssl/sha.h>

#include "sluice/base/bytes.h"
#include "sluice/base/text.h"

namespace sluice::auth {

Digest DigestOf(std::string_view secret) {
  Digest digest;
  const auto bytes = base::AsBytes(secret);
  SHA256(bytes.data(), bytes.size(), digest.data());
  return digest;
}

base::Result<void, std::string> AddTokens(std::string_view text, std::string_view file_name,
                                          TokenTable& table) {
  for (size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    auto line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    line = base::TrimWhitespace(line);
    if (line.empty() || line.starts_with('#')) continue;
    const auto fail = [number](const std::string& what) {
      return base::Unexpected("line " + std::to_string(number) + " " + what);
    };
    // A token may hold colons; what follows it is a colon and white space.
    const auto separator = std::min(line.find(": "), line.find(":\t"));
    const bool has_token = separator != std::string_view::npos;
    const auto token = has_token ? line.substr(0, separator) : file_name;
    const auto server = has_token ? base::TrimWhitespace(line.substr(separator + 1)) : line;
    if (token.empty()) return fail("is not 'token: host:port'");
    // The line holds a secret, so it is not shown.
    const auto endpoint = config::ParseServer(server);
    if (!endpoint || endpoint->kind == config::Endpoint::Kind::kBuiltin ||
        endpoint->is_websocket()) {
      return fail("has no server behind its token; expected host:port");
    }
    if (!table.emplace(DigestOf(token), *endpoint).second) {
      return fail("has a token that is there already");
    }
  }
  return {};
}

std::optional<config::Endpoint> ParseNamedServer(std::string_view text) {
  auto endpoint = config::ParseServer(text);
  if (!endpoint || endpoint->kind != config::Endpoint::Kind::kTcp) return std::nullopt;
  return *std::move(endpoint);
}

std::optional<config::Endpoint> ParseTokenValue(std::string_view text) {
  while (text.ends_with('\n') || text.ends_with('\r')) text.remove_suffix(1);
  std::string server(base::TrimWhitespace(text));
  if (server.starts_with('{')) {
    const auto json = nlohmann::json::parse(server, nullptr, /*allow_exceptions=*/false);
    if (!json.is_object() || !json.contains("host") || !json["host"].is_string()) {
      return std::nullopt;
    }
    server = json["host"].get<std::string>();
  }
  return ParseNamedServer(server);
}

}  // namespace sluice::auth
