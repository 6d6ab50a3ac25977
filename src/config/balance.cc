#include "config/balance.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "sluice/base/text.h"
#include "sluice/config/suggest.h"
#include "sluice/settings/auth.h"
#include "sluice/settings/backend.h"
#include "sluice/settings/balance.h"
#include "sluice/settings/endpoint.h"
#include "sluice/settings/quote.h"
#include "sluice/settings/route.h"

#include "config/targets.h"
#include "config/values.h"

namespace sluice::config {
namespace {

using base::Unexpected;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr Range kWeightRange{1, 1000};
constexpr Range kTierRange{1, 100};
constexpr Range kMaxSessionsRange{1, 10'000'000, true};
constexpr Range kQueueSizeRange{1, 1'000'000};
constexpr TimeoutRange kQueueTimeoutRange{milliseconds(100), minutes(10)};
constexpr Range kEjectAfterRange{1, 1000};
constexpr TimeoutRange kEjectRange{milliseconds(100), hours(24)};
constexpr TimeoutRange kSlowStartRange{milliseconds(100), hours(1), true};
constexpr TimeoutRange kRetryRange{milliseconds(100), minutes(10)};

template <auto Member, const Range& range, typename T>
void ReadNumber(Reader& reader, const Value& value, T& target) {
  uint64_t number = 0;
  const auto parse = [](std::string_view text) { return ParseCount(text, range); };
  if (!reader.ReadScalar(value, "a number", parse, number)) return;
  using Number = std::remove_reference_t<decltype(target.*Member)>;
  target.*Member = static_cast<Number>(number);
}

// Returns true if `value` is the word `off`. Any other scalar is an error.
bool IsOff(Reader& reader, const Value& value, std::string_view keys) {
  if (!value.node.IsScalar()) return false;
  const std::string expected = "'off' or a mapping with " + std::string(keys);
  const auto text = reader.Text(value, expected);
  if (text && *text != "off") reader.Error(value, settings::Expected(expected, *text));
  return true;
}

Parsed<settings::Balance> ParseBalance(std::string_view text) {
  using Mode = settings::Balance::Mode;
  if (text == "round_robin") return settings::Balance{Mode::kRoundRobin};
  if (text == "least_sessions") return settings::Balance{Mode::kLeastSessions};
  if (text == "random_two") return settings::Balance{Mode::kRandomTwo};
  return Unexpected(settings::Expected(
      "'round_robin', 'least_sessions', 'random_two', or a mapping such as {hash: client}", text));
}

constexpr Field<settings::Balance> kHashFields[] = {
    {"hash",
     [](Reader& reader, const Value& value, settings::Balance& balance) {
       reader.ReadScalar(value, "what is hashed", ParseHashKey, balance);
     }},
};

constexpr Field<settings::BackendQueue> kQueueFields[] = {
    {"size", ReadNumber<&settings::BackendQueue::size, kQueueSizeRange>},
    {"timeout", ReadTimeout<&settings::BackendQueue::timeout, kQueueTimeoutRange>},
};

constexpr Field<settings::Ejection> kEjectFields[] = {
    {"after", ReadNumber<&settings::Ejection::after, kEjectAfterRange>},
    {"for", ReadTimeout<&settings::Ejection::first, kEjectRange>},
    {"at_most", ReadTimeout<&settings::Ejection::at_most, kEjectRange>},
};

constexpr Field<BalanceDraft> kRetryFields[] = {
    {"for", ReadTimeout<&BalanceDraft::connect_retry, kRetryRange>},
};

struct ServerDraft {
  settings::Server server;
  std::optional<Value> address;
};

template <auto Member, const Range& range>
void ReadServerNumber(Reader& reader, const Value& value, ServerDraft& draft) {
  ReadNumber<Member, range>(reader, value, draft.server);
}

constexpr Field<ServerDraft> kServerFields[] = {
    {"address", [](Reader&, const Value& value, ServerDraft& draft) { draft.address = value; }},
    {"weight", ReadServerNumber<&settings::Server::weight, kWeightRange>},
    {"tier", ReadServerNumber<&settings::Server::tier, kTierRange>},
    {"max_sessions", ReadServerNumber<&settings::Server::max_sessions, kMaxSessionsRange>},
};

}  // namespace

Parsed<settings::Balance> ParseHashKey(std::string_view text) {
  settings::Balance balance{settings::Balance::Mode::kHash};
  if (text == "client") return balance;
  constexpr std::pair<std::string_view, settings::Balance::Key> kPrefixes[] = {
      {"capture.", settings::Balance::Key::kCapture},
      {"header.", settings::Balance::Key::kHeader},
      {"claim.", settings::Balance::Key::kClaim},
      {"query.", settings::Balance::Key::kQuery},
  };
  for (const auto& [prefix, key] : kPrefixes) {
    if (!text.starts_with(prefix) || text.size() == prefix.size()) continue;
    balance.key = key;
    balance.name = text.substr(prefix.size());
    return balance;
  }
  return Unexpected(settings::Expected(
      "'client', 'capture.NAME', 'header.NAME', 'claim.NAME' or 'query.NAME'", text));
}

void ReadBalance(Reader& reader, const Value& value, BalanceDraft& draft) {
  draft.of_servers.push_back(value);
  draft.balance_at = value;
  if (!value.node.IsMap()) {
    reader.ReadScalar(value, "how sessions are spread", ParseBalance, draft.balance);
    return;
  }
  reader.ReadMapping<settings::Balance>(value, kHashFields, draft.balance);
  if (value.node.size() == 0) reader.Missing(value, "hash");
}

void ReadQueue(Reader& reader, const Value& value, BalanceDraft& draft) {
  draft.of_servers.push_back(value);
  if (IsOff(reader, value, "'size' and 'timeout'")) return;
  if (!reader.ReadMapping<settings::BackendQueue>(value, kQueueFields, draft.queue)) return;
  draft.queue_at = value;
  if (!value.node["size"].IsDefined()) reader.Missing(value, "size");
}

void ReadEject(Reader& reader, const Value& value, BalanceDraft& draft) {
  draft.of_servers.push_back(value);
  if (IsOff(reader, value, "'after', 'for' and 'at_most'")) {
    draft.ejection.after = 0;
    return;
  }
  settings::Ejection& ejection = draft.ejection;
  reader.ReadMapping<settings::Ejection>(value, kEjectFields, ejection);
  if (ejection.at_most < ejection.first) {
    reader.Error(value, "'at_most' (" + FormatTimeout(ejection.at_most) +
                            ") is shorter than 'for' (" + FormatTimeout(ejection.first) + ")");
  }
}

void ReadSlowStart(Reader& reader, const Value& value, BalanceDraft& draft) {
  draft.of_servers.push_back(value);
  ReadTimeout<&BalanceDraft::slow_start, kSlowStartRange>(reader, value, draft);
}

void ReadConnectRetry(Reader& reader, const Value& value, BalanceDraft& draft) {
  if (IsOff(reader, value, "'for'")) return;
  if (reader.ReadMapping<BalanceDraft>(value, kRetryFields, draft) &&
      !value.node["for"].IsDefined()) {
    reader.Missing(value, "for");
  }
}

bool ReadServer(Reader& reader, const Value& item, settings::Server& server) {
  if (!item.node.IsMap()) {
    return reader.ReadScalar(item, "an address", settings::ParseConfiguredServer, server.address);
  }
  ServerDraft draft;
  if (!reader.ReadMapping<ServerDraft>(item, kServerFields, draft)) return false;
  server = std::move(draft.server);
  if (!draft.address) {
    reader.Missing(item, "address");
    return false;
  }
  return reader.ReadScalar(*draft.address, "an address", settings::ParseConfiguredServer,
                           server.address);
}

void TakeBalance(Reader& reader, const BalanceDraft& draft, settings::Backend& backend) {
  backend.balance = draft.balance;
  backend.queue = draft.queue;
  backend.ejection = draft.ejection;
  backend.slow_start = draft.slow_start;
  backend.connect_retry = draft.connect_retry;
  if (!backend.has_fixed_servers()) {
    for (const Value& value : draft.of_servers) {
      reader.Error(value,
                   "is for a backend with 'servers'; here each request has a server of its own");
    }
    return;
  }
  const bool is_bounded =
      std::any_of(backend.servers.begin(), backend.servers.end(),
                  [](const settings::Server& server) { return server.max_sessions != 0; });
  if (draft.queue_at && !is_bounded && !backend.servers.empty()) {
    reader.Error(*draft.queue_at,
                 "has no effect: no server has 'max_sessions', so that no client ever waits");
  }
}

void CheckHashKey(Reader& reader, const Value& value, const settings::Balance& balance,
                  const settings::Route& route) {
  if (balance.mode != settings::Balance::Mode::kHash) return;
  if (balance.key == settings::Balance::Key::kCapture) {
    const auto names = CaptureNames(route.match);
    if (std::find(names.begin(), names.end(), balance.name) != names.end()) return;
    reader.Error(value, "the backend hashes 'capture." + balance.name +
                            "', but the route's match has no such capture" +
                            Suggestion(balance.name, names, "its captures are"));
  } else if (balance.key == settings::Balance::Key::kClaim) {
    const auto& methods = route.options.auth;
    const bool has_claims = std::any_of(methods.begin(), methods.end(), [](const auto& method) {
      return std::holds_alternative<settings::JwtAuth>(method);
    });
    if (has_claims) return;
    reader.Error(value, "the backend hashes 'claim." + balance.name +
                            "', but the route's 'auth' has no 'jwt', the only method with claims");
  }
}

void AddBalanceMappings(std::vector<KnownMapping>& mappings) {
  mappings.push_back({"pool_server", KeysOf<ServerDraft>(kServerFields)});
  mappings.push_back({"hash", KeysOf<settings::Balance>(kHashFields)});
  mappings.push_back({"queue", KeysOf<settings::BackendQueue>(kQueueFields)});
  mappings.push_back({"eject", KeysOf<settings::Ejection>(kEjectFields)});
  mappings.push_back({"connect_retry", KeysOf<BalanceDraft>(kRetryFields)});
}

}  // namespace sluice::config
