#include "load/handshake.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <span>

#include <openssl/evp.h>
#include <openssl/sha.h>

namespace sluice::bench {
namespace {

constexpr std::string_view kGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

std::string Base64(std::span<const uint8_t> bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<uint8_t*>(text.data()), bytes.data(),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(size));
  return text;
}

std::string AcceptKey(std::string_view key) {
  const std::string text = std::string(key).append(kGuid);
  std::array<uint8_t, SHA_DIGEST_LENGTH> digest;
  SHA1(reinterpret_cast<const uint8_t*>(text.data()), text.size(), digest.data());
  return Base64(digest);
}

bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](unsigned char x, unsigned char y) {
    return std::tolower(x) == std::tolower(y);
  });
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

std::string MakeKey(std::mt19937_64& random) {
  std::array<uint8_t, 16> bytes;
  for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random());
  return Base64(bytes);
}

std::string UpgradeRequest(std::string_view host, std::string_view path, std::string_view key,
                           std::string_view subprotocol) {
  std::string request;
  request.append("GET ").append(path).append(" HTTP/1.1\r\nHost: ").append(host);
  request.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13");
  request.append("\r\nSec-WebSocket-Key: ").append(key);
  if (!subprotocol.empty()) request.append("\r\nSec-WebSocket-Protocol: ").append(subprotocol);
  return request.append("\r\n\r\n");
}

std::string CheckUpgradeResponse(std::string_view head, std::string_view key,
                                 std::string_view subprotocol) {
  const std::string_view status = head.substr(0, head.find("\r\n"));
  if (!status.starts_with("HTTP/1.1 101")) {
    return "the upgrade was answered by '" + std::string(status) + "'";
  }
  bool upgrade = false;
  bool connection = false;
  bool accept = false;
  head.remove_prefix(status.size() + 2);
  while (!head.empty()) {
    const size_t end = head.find("\r\n");
    const std::string_view line = head.substr(0, end);
    head.remove_prefix(end == std::string_view::npos ? head.size() : end + 2);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) continue;
    const std::string_view name = line.substr(0, colon);
    const std::string_view value = Trim(line.substr(colon + 1));
    if (EqualIgnoringCase(name, "Upgrade")) upgrade = EqualIgnoringCase(value, "websocket");
    if (EqualIgnoringCase(name, "Connection")) connection = EqualIgnoringCase(value, "upgrade");
    if (EqualIgnoringCase(name, "Sec-WebSocket-Accept")) accept = value == AcceptKey(key);
    if (EqualIgnoringCase(name, "Sec-WebSocket-Extensions")) {
      return "an extension that was not offered: " + std::string(value);
    }
    if (EqualIgnoringCase(name, "Sec-WebSocket-Protocol") && value != subprotocol) {
      return "a subprotocol that was not offered: " + std::string(value);
    }
  }
  if (!upgrade) return "the 101 has no 'Upgrade: websocket'";
  if (!connection) return "the 101 has no 'Connection: Upgrade'";
  if (!accept) return "the 101 has a wrong Sec-WebSocket-Accept, or none";
  return {};
}

}  // namespace sluice::bench
