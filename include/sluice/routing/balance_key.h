// What a backend hashes to find a request's server. Pure.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/base/ip.h"
#include "sluice/http/request.h"
#include "sluice/settings/balance.h"
#include "sluice/settings/route.h"

namespace sluice::routing {

/// Where the key may come from.
struct KeySources {
  std::optional<base::IpAddress> client;  ///< nothing if it came through a Unix socket
  const settings::Match& match;           ///< of its route
  const http::RequestHead* head;          ///< null where there is none
  /// The claim of that name of the client's token; null if it has none.
  std::function<std::optional<std::string>(std::string_view name)> claim = nullptr;
};

/// The key for `balance`; nothing if it hashes nothing, or if the request lacks what it hashes. The
/// same in every process.
std::optional<uint64_t> BalanceKey(const settings::Balance& balance, const KeySources& sources);

}  // namespace sluice::routing
