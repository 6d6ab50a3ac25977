#include "sluice/auth/tokens.h"

#include <algorithm>

#include <nlohmann/json.hpp>
#include <openssl/sha.h>

#include "sluice/base/bytes.h"
#include "sluice/base/text.h"

#include "auth/entries.h"

namespace sluice::auth {

Digest DigestOf(std::string_view secret) {
  Digest digest;
  const auto bytes = base::AsBytes(secret);
  SHA256(bytes.data(), bytes.size(), digest.data());
  return digest;
}

std::vector<settings::FileFault> TokenTable::AddFile(std::string_view text,
                                                     const std::string& file_name) {
  const auto file = std::make_shared<const std::string>(file_name);
  std::vector<settings::FileFault> faults;
  std::vector<Digest> added;
  ForEachEntry(text, faults, [&](std::string_view line) -> std::string {
    // A token may contain colons; it ends at a colon with white space after it.
    const auto separator = std::min(line.find(": "), line.find(":\t"));
    const bool has_token = separator != std::string_view::npos;
    const std::string_view token =
        has_token ? base::TrimWhitespace(line.substr(0, separator)) : std::string_view(file_name);
    const auto server = has_token ? base::TrimWhitespace(line.substr(separator + 1)) : line;
    if (token.empty()) return "expected 'token: host:port'";
    // The line contains a secret, so it is not in the fault.
    const auto endpoint = settings::ParseServer(server);
    if (!endpoint || endpoint->kind == settings::Endpoint::Kind::kBuiltin ||
        endpoint->is_websocket()) {
      return has_token ? "the token has no server; expected 'token: host:port'"
                       : "expected 'token: host:port', or 'host:port' alone in a file that is "
                         "named like the token";
    }
    const Digest digest = DigestOf(token);
    if (!entries_.emplace(digest, Entry{*endpoint, file}).second) {
      return "the token is in another line or file already";
    }
    added.push_back(digest);
    return {};
  });
  if (!faults.empty()) {
    for (const Digest& digest : added) entries_.erase(digest);
  }
  return faults;
}

void TokenTable::CopyFile(const TokenTable& other, const std::string& file_name) {
  for (const auto& [digest, entry] : other.entries_) {
    if (*entry.file == file_name) entries_.emplace(digest, entry);
  }
}

const settings::Endpoint* TokenTable::Find(const Digest& token) const {
  const auto entry = entries_.find(token);
  return entry == entries_.end() ? nullptr : &entry->second.server;
}

std::optional<settings::Endpoint> ParseNamedServer(std::string_view text) {
  auto endpoint = settings::ParseServer(text);
  if (!endpoint || endpoint->kind != settings::Endpoint::Kind::kTcp) return std::nullopt;
  return *std::move(endpoint);
}

std::optional<settings::Endpoint> ParseTokenValue(std::string_view text) {
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
