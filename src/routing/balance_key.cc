#include "sluice/routing/balance_key.h"

#include "sluice/http/query.h"
#include "sluice/routing/router.h"

#include "routing/hash.h"

namespace sluice::routing {
namespace {

/// Returns the bytes of the address. Of an IPv6 address only the /64 counts, because a client
/// changes its address within it.
std::string TextOf(const base::IpAddress& address) {
  const base::IpAddress kept = address.is_v4() ? address : address.Prefix(64);
  return {kept.bytes().begin(), kept.bytes().end()};
}

std::optional<std::string> TextOf(const settings::Balance& balance, const KeySources& sources) {
  using Key = settings::Balance::Key;
  if (balance.key == Key::kClient) {
    return sources.client ? std::optional(TextOf(*sources.client)) : std::nullopt;
  }
  if (balance.key == Key::kClaim) {
    return sources.claim ? sources.claim(balance.name) : std::nullopt;
  }
  if (sources.head == nullptr) return std::nullopt;
  const http::RequestHead& head = *sources.head;
  if (balance.key == Key::kHeader) {
    if (head.Count(balance.name) == 0) return std::nullopt;
    return head.Joined(balance.name);
  }
  if (balance.key == Key::kQuery) {
    auto values = http::QueryValues(head.query, balance.name);
    return values.empty() ? std::nullopt : std::optional(std::move(values.front()));
  }
  for (auto& [name, value] : CapturesOf(sources.match, NormalizeHost(head.host), head.path)) {
    if (name == balance.name) return std::move(value);
  }
  return std::nullopt;
}

}  // namespace

std::optional<uint64_t> BalanceKey(const settings::Balance& balance, const KeySources& sources) {
  if (balance.mode != settings::Balance::Mode::kHash) return std::nullopt;
  const auto text = TextOf(balance, sources);
  return text ? std::optional(Hash(*text)) : std::nullopt;
}

}  // namespace sluice::routing
