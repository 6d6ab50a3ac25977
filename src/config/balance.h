// How a backend's sessions are spread over its servers: the part of `backends` that is about more
// than where they are.
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

/// The keys of a backend that are read here; each at its default if the file does not say.
struct BalanceDraft {
  settings::Balance balance;
  settings::BackendQueue queue;
  settings::Ejection ejection;
  settings::Timeout slow_start{0};
  settings::Timeout connect_retry{0};
  std::vector<Value> of_servers = {};  ///< where it says what needs servers of the file
  std::optional<Value> balance_at = {};
  std::optional<Value> queue_at = {};
};

void ReadBalance(Reader& reader, const Value& value, BalanceDraft& draft);
void ReadQueue(Reader& reader, const Value& value, BalanceDraft& draft);
void ReadEject(Reader& reader, const Value& value, BalanceDraft& draft);
void ReadSlowStart(Reader& reader, const Value& value, BalanceDraft& draft);
void ReadConnectRetry(Reader& reader, const Value& value, BalanceDraft& draft);

/// An item of `servers`: an address, or a mapping with one. False if it has no good address.
bool ReadServer(Reader& reader, const Value& item, settings::Server& server);

/// What was read, for `backend`, whose servers are known; faults what makes no sense with them.
void TakeBalance(Reader& reader, const BalanceDraft& draft, settings::Backend& backend);

/// `client`, `capture.NAME`, `header.NAME`, `claim.NAME` or `query.NAME`.
Parsed<settings::Balance> ParseHashKey(std::string_view text);

/// That `route` has what its backend hashes.
void CheckHashKey(Reader& reader, const Value& value, const settings::Balance& balance,
                  const settings::Route& route);

void AddBalanceMappings(std::vector<KnownMapping>& mappings);

}  // namespace sluice::config
