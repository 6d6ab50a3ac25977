// The opening handshake on any fields. An input is one field a line: Upgrade, Connection, version,
// key, Sec-WebSocket-Protocol, and what the route speaks; a line that is missing is empty. What is
// let in must hold by a plain reading of RFC 6455 section 4.2.1, and the other way round.
#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sluice/websocket/handshake.h"

namespace {

using sluice::base::Cause;
using sluice::websocket::AcceptFor;
using sluice::websocket::CheckUpgrade;
using sluice::websocket::ChooseSubprotocol;
using sluice::websocket::UpgradeFields;

void Require(bool condition) {
  if (!condition) std::abort();
}

// The elements of a list: what stands between commas, without the spaces and tabs around it.
std::vector<std::string> Elements(std::string_view list) {
  std::vector<std::string> elements(1);
  for (const char c : list) {
    if (c == ',') {
      elements.emplace_back();
    } else {
      elements.back() += c;
    }
  }
  std::vector<std::string> trimmed;
  for (std::string& element : elements) {
    while (!element.empty() && (element.back() == ' ' || element.back() == '\t')) {
      element.pop_back();
    }
    while (!element.empty() && (element.front() == ' ' || element.front() == '\t')) {
      element.erase(0, 1);
    }
    if (!element.empty()) trimmed.push_back(element);
  }
  return trimmed;
}

bool HasWord(std::string_view list, std::string_view word) {
  for (std::string element : Elements(list)) {
    for (char& c : element) {
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    if (element == word) return true;
  }
  return false;
}

bool IsPlainKey(std::string_view key) {
  if (key.size() != 24) return false;
  for (size_t i = 0; i < 24; ++i) {
    const auto c = static_cast<unsigned char>(key[i]);
    const bool digit = c < 128 && (std::isalnum(c) != 0 || c == '+' || c == '/');
    if (i < 22 ? !digit : c != '=') return false;
  }
  return true;
}

bool AreGoodOffers(std::string_view protocol) {
  std::set<std::string> seen;
  for (const std::string& offer : Elements(protocol)) {
    for (const char c : offer) {
      if (c <= ' ' || c == 0x7f) return false;  // Beyond ASCII is below zero.
      if (std::string_view("\"(),/:;<=>?@[\\]{}").find(c) != std::string_view::npos) return false;
    }
    if (!seen.insert(offer).second) return false;
  }
  return true;
}

bool Contains(const std::vector<std::string>& names, const std::string& name) {
  for (const std::string& other : names) {
    if (other == name) return true;
  }
  return false;
}

void CheckChoice(std::string_view protocol, std::string_view route) {
  const std::vector<std::string> offers = Elements(protocol);
  const std::string echoed = ChooseSubprotocol(protocol, nullptr);
  Require(echoed != "base64");
  Require(echoed.empty() || Contains(offers, echoed));
  if (Contains(offers, "binary")) Require(echoed == "binary");
  for (const std::string& offer : offers) {
    if (echoed.empty()) Require(offer == "base64");
  }

  const std::vector<std::string> spoken = Elements(route);
  std::string best;
  for (const std::string& name : spoken) {
    if (best.empty() && Contains(offers, name)) best = name;
  }
  Require(ChooseSubprotocol(protocol, &spoken) == best);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::array<std::string_view, 6> lines;
  for (std::string_view& line : lines) {
    line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  UpgradeFields fields{.upgrade = lines[0],
                       .connection = lines[1],
                       .version = lines[2],
                       .key = lines[3],
                       .key_count = lines[3].empty() ? 0u : 1u,
                       .protocol = lines[4]};
  const bool version = fields.version == "13";
  const bool tokens = HasWord(fields.upgrade, "websocket") && HasWord(fields.connection, "upgrade");
  const bool key = IsPlainKey(fields.key);
  const auto result = CheckUpgrade(fields);
  Require(result.has_value() == (tokens && version && key && AreGoodOffers(fields.protocol)));
  if (!result) {
    Require(!result.error().detail.empty());
    Require((result.error().cause == Cause::kUnsupportedVersion) == (tokens && !version));
  }
  const std::string accept = AcceptFor(fields.key);
  Require(accept.size() == 28 && accept.back() == '=' && accept[26] != '=');
  CheckChoice(fields.protocol, lines[5]);
  return 0;
}
