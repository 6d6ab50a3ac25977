// The key that a backend hashes to choose a request's server. Pure.
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

/// The possible sources of the key.
struct KeySources {
  std::optional<base::IpAddress> client;  ///< unset if the client uses a Unix socket
  const settings::Match& match;           ///< of the request's route
  const http::RequestHead* head;          ///< null for plain TCP
  /// Returns the claim of that name of the client's token. Null without a token.
  std::function<std::optional<std::string>(std::string_view name)> claim = nullptr;
};

/// Returns the key for `balance`; unset if the mode is not `hash`, or if the request does not have
/// the configured key. The key is the same in every process.
std::optional<uint64_t> BalanceKey(const settings::Balance& balance, const KeySources& sources);

}  // namespace sluice::routing
