// How the sessions of a backend are distributed over its servers: a part of `backends`.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "sluice/settings/backend.h"
#include "sluice/settings/balance.h"
#include "sluice/settings/route.h"
#include "sluice/settings/timeout.h"

#include "config/reader.h"
#include "config/values.h"

namespace sluice::config {

/// The keys of a backend that are read here, or their defaults.
struct BalanceDraft {
  settings::Balance balance;
  settings::BackendQueue queue;
  settings::Ejection ejection;
  settings::Timeout slow_start{0};
  settings::Timeout connect_retry{0};
  std::vector<Value> of_servers = {};  ///< the keys that need servers of the file
  std::optional<Value> balance_at = {};
  std::optional<Value> queue_at = {};
};

void ReadBalance(Reader& reader, const Value& value, BalanceDraft& draft);
void ReadQueue(Reader& reader, const Value& value, BalanceDraft& draft);
void ReadEject(Reader& reader, const Value& value, BalanceDraft& draft);
void ReadSlowStart(Reader& reader, const Value& value, BalanceDraft& draft);
void ReadConnectRetry(Reader& reader, const Value& value, BalanceDraft& draft);

/// Reads an item of `servers`: an address, or a mapping with one. Returns false without a valid
/// address.
bool ReadServer(Reader& reader, const Value& item, settings::Server& server);

/// Applies the keys to `backend`, whose servers are known. Reports keys that do not fit the
/// servers.
void TakeBalance(Reader& reader, const BalanceDraft& draft, settings::Backend& backend);

/// Parses `client`, `capture.NAME`, `header.NAME`, `claim.NAME` or `query.NAME`.
Parsed<settings::Balance> ParseHashKey(std::string_view text);

/// Reports if `route` lacks the value that its backend hashes.
void CheckHashKey(Reader& reader, const Value& value, const settings::Balance& balance,
                  const settings::Route& route);

void AddBalanceMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
