#include "config/health.h"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "sluice/settings/backend.h"
#include "sluice/settings/quote.h"

#include "config/values.h"

namespace sluice::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;

constexpr TimeoutRange kIntervalRange{milliseconds(100), hours(1)};
constexpr TimeoutRange kTimeoutRange{milliseconds(50), minutes(1)};
constexpr Range kCountRange{1, 100};
constexpr size_t kLongestText = 1024;

/// The bytes that a kind of server expects and answers, or sends by itself.
struct Protocol {
  std::string_view name;
  std::string_view send;
  std::vector<std::string> expect;
};

const Protocol* FindProtocol(std::string_view name) {
  static const std::vector<Protocol> kProtocols = {
      // A server that requires a password is up, too.
      {"redis", "PING\r\n", {"+PONG", "-NOAUTH"}},
      // RFC 4253 section 4.2: other lines may come before.
      {"ssh", "", {"SSH-2.0-", "SSH-1.99-"}},
      // RFC 5321 section 4.2; a 554 means that the server accepts no mail.
      {"smtp", "", {"220"}},
      // RFC 6143 section 7.1.1.
      {"rfb", "", {"RFB "}},
  };
  const auto found = std::find_if(kProtocols.begin(), kProtocols.end(),
                                  [name](const Protocol& p) { return p.name == name; });
  return found == kProtocols.end() ? nullptr : &*found;
}

struct HealthDraft {
  settings::HealthCheck health;
  std::optional<Value> check;
  std::optional<Value> send;
  std::optional<Value> expect;
};

template <auto Member, const TimeoutRange& range>
void ReadTime(Reader& reader, const Value& value, HealthDraft& draft) {
  reader.ReadScalar(
      value, "a duration", [](std::string_view text) { return ParseTimeout(text, range); },
      draft.health.*Member);
}

template <auto Member>
void ReadCount(Reader& reader, const Value& value, HealthDraft& draft) {
  uint64_t count = 0;
  const auto parse = [](std::string_view text) { return ParseCount(text, kCountRange); };
  if (reader.ReadScalar(value, "a number", parse, count)) {
    draft.health.*Member = static_cast<unsigned>(count);
  }
}

template <auto Member>
void Keep(Reader& /*reader*/, const Value& value, HealthDraft& draft) {
  draft.*Member = value;
}

constexpr Field<HealthDraft> kHealthFields[] = {
    {"check", Keep<&HealthDraft::check>},
    {"interval", ReadTime<&settings::HealthCheck::interval, kIntervalRange>},
    {"timeout", ReadTime<&settings::HealthCheck::timeout, kTimeoutRange>},
    {"rise", ReadCount<&settings::HealthCheck::rise>},
    {"fall", ReadCount<&settings::HealthCheck::fall>},
    {"send", Keep<&HealthDraft::send>},
    {"expect", Keep<&HealthDraft::expect>},
};

Parsed<std::string> ParseBytes(std::string_view text) {
  if (!text.empty() && text.size() <= kLongestText) return std::string(text);
  return base::Unexpected(
      settings::Expected("a text of 1 to " + std::to_string(kLongestText) + " bytes", text));
}

void ReadExpect(Reader& reader, const Value& value, std::vector<std::string>& expect) {
  const auto items =
      value.node.IsSequence() ? reader.Items(value, "texts") : std::vector<Value>{value};
  for (const auto& item : items) {
    std::string text;
    if (reader.ReadScalar(item, "a text", ParseBytes, text)) expect.push_back(std::move(text));
  }
}

/// Returns true if the check sends and expects bytes of its own.
constexpr std::string_view kChecks = "'tcp', 'tls', 'redis', 'ssh', 'smtp' or 'rfb'";

bool ReadCheck(Reader& reader, const Value& value, settings::HealthCheck& health) {
  const auto text = reader.Text(value, kChecks);
  if (!text || *text == "tcp") return false;
  if (*text == "tls") {
    health.tls = true;
    return false;
  }
  if (const Protocol* const protocol = FindProtocol(*text)) {
    health.send = protocol->send;
    health.expect = protocol->expect;
    return true;
  }
  reader.Error(value, settings::Expected(kChecks, *text));
  return false;
}

}  // namespace

settings::HealthCheck ReadHealthCheck(Reader& reader, const Value& value) {
  HealthDraft draft;
  settings::HealthCheck& health = draft.health;
  if (!reader.ReadMapping<HealthDraft>(value, kHealthFields, draft)) return health;
  if (draft.check && ReadCheck(reader, *draft.check, health)) {
    for (const auto& own : {draft.send, draft.expect}) {
      if (own) reader.Error(*own, "has no effect: this 'check' has one of its own; take it out");
    }
    return health;
  }
  if (draft.send) reader.ReadScalar(*draft.send, "a text", ParseBytes, health.send);
  if (draft.expect) {
    ReadExpect(reader, *draft.expect, health.expect);
  } else if (draft.send) {
    reader.Error(*draft.send, "needs 'expect', the text that the answer must begin with");
  }
  return health;
}

void AddHealthMappings(std::vector<KnownMapping>& mappings) {
  mappings.push_back({"health_check", KeysOf<HealthDraft>(kHealthFields)});
}

}  // namespace sluice::config
