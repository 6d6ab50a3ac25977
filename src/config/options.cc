#include "config/options.h"

#include <algorithm>
#include <optional>
#include <string>

#include "sluice/config/patterns.h"
#include "sluice/settings/limits.h"
#include "sluice/settings/quote.h"
#include "sluice/settings/session_options.h"

#include "config/auth.h"
#include "config/framing.h"
#include "config/values.h"

namespace sluice::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

// Bounds: a smaller limit would end healthy sessions; a larger one is a typing error.
constexpr TimeoutRange kPingIntervalRange{seconds(1), hours(1), true};
constexpr TimeoutRange kPongTimeoutRange{seconds(1), minutes(10)};
constexpr TimeoutRange kBackendTimeoutRange{seconds(1), hours(1), true};
constexpr TimeoutRange kHandshakeRange{milliseconds(100), minutes(5)};
constexpr TimeoutRange kConnectRange{milliseconds(100), minutes(5)};
constexpr TimeoutRange kIdleRange{seconds(1), hours(168), true};
constexpr TimeoutRange kMaxAgeRange{seconds(1), hours(24 * 365), true};
constexpr TimeoutRange kCloseRange{milliseconds(100), minutes(5)};
constexpr TimeoutRange kCloseTotalRange{milliseconds(100), hours(1)};
constexpr TimeoutRange kDrainRange{milliseconds(100), hours(24)};
constexpr Range kRequestLineRange{256, 1024 * 1024};
constexpr Range kHeaderRange{1024, 1024 * 1024};
constexpr Range kHeaderCountRange{1, 1000};
constexpr Range kMessageRange{1024, 1024 * 1024 * 1024};
constexpr Range kMemoryRange{1024 * 1024, uint64_t{1} << 50, true};
constexpr Range kSocketBufferRange{16 * 1024, 256 * 1024 * 1024};
constexpr Range kBandwidthRange{1024, uint64_t{1} << 40, true};
constexpr Range kSessionsRange{1, 10'000'000, true};
constexpr Range kBurstRange{1, 1'000'000};

// Turns a function that reads into SessionOptions into one that reads into a struct with `options`.
template <auto read>
void InOptions(Reader& reader, const Value& value, Defaults& defaults) {
  read(reader, value, defaults.options);
}

constexpr auto kReadConnect = ReadTimeout<&settings::SessionOptions::connect_timeout, kConnectRange,
                                          settings::SessionOptions>;
constexpr auto kReadIdle =
    ReadTimeout<&settings::SessionOptions::idle_timeout, kIdleRange, settings::SessionOptions>;
constexpr auto kReadMaxAge =
    ReadTimeout<&settings::SessionOptions::max_age, kMaxAgeRange, settings::SessionOptions>;
constexpr auto kReadClose =
    ReadTimeout<&settings::SessionOptions::close_timeout, kCloseRange, settings::SessionOptions>;
constexpr auto kReadCloseTotal =
    ReadTimeout<&settings::SessionOptions::close_total, kCloseTotalRange, settings::SessionOptions>;

constexpr Field<settings::Keepalive> kKeepaliveFields[] = {
    {"ping_interval", ReadTimeout<&settings::Keepalive::ping_interval, kPingIntervalRange>},
    {"pong_timeout", ReadTimeout<&settings::Keepalive::pong_timeout, kPongTimeoutRange>},
    {"backend_timeout", ReadTimeout<&settings::Keepalive::backend_timeout, kBackendTimeoutRange>},
};

constexpr Field<settings::SessionOptions> kRouteTimeoutFields[] = {
    {"connect", kReadConnect},        {"idle", kReadIdle},
    {"max_age", kReadMaxAge},         {"close", kReadClose},
    {"close_total", kReadCloseTotal},
};

constexpr Misplaced kNoRouteTimeouts[] = {
    {"handshake", "applies before a route is known; set it in 'timeouts' under 'defaults'"},
    {"drain", "applies to the whole process; set it in 'timeouts' under 'defaults'"},
};

constexpr Field<Defaults> kDefaultTimeoutFields[] = {
    {"handshake", ReadTimeout<&Defaults::handshake_timeout, kHandshakeRange>},
    {"connect", InOptions<kReadConnect>},
    {"idle", InOptions<kReadIdle>},
    {"max_age", InOptions<kReadMaxAge>},
    {"close", InOptions<kReadClose>},
    {"close_total", InOptions<kReadCloseTotal>},
    {"drain", ReadTimeout<&Defaults::drain_timeout, kDrainRange>},
};

void ReadMessageLimit(Reader& reader, const Value& value, settings::SessionOptions& options) {
  const auto parse = [](std::string_view text) { return ParseSize(text, kMessageRange); };
  reader.ReadScalar(value, "a size", parse, options.message_limit);
}

template <auto member>
void ReadRate(Reader& reader, const Value& value, settings::Bandwidth& bandwidth) {
  const auto parse = [](std::string_view text) { return ParseSize(text, kBandwidthRange); };
  reader.ReadScalar(value, "a size", parse, bandwidth.*member);
}

constexpr Field<settings::Bandwidth> kBandwidthFields[] = {
    {"to_backend", ReadRate<&settings::Bandwidth::to_backend>},
    {"to_client", ReadRate<&settings::Bandwidth::to_client>},
};

void ReadBandwidth(Reader& reader, const Value& value, settings::SessionOptions& options) {
  reader.ReadMapping<settings::Bandwidth>(value, kBandwidthFields, options.bandwidth);
}

// A number of sessions.
template <auto Member, typename T>
void ReadSessions(Reader& reader, const Value& value, T& target) {
  const auto parse = [](std::string_view text) { return ParseCount(text, kSessionsRange); };
  reader.ReadScalar(value, "a number", parse, target.*Member);
}

template <auto Member>
void ReadSessionLimit(Reader& reader, const Value& value, settings::SessionOptions& options) {
  ReadSessions<Member>(reader, value, options.session_limits);
}

constexpr auto kReadRouteSessions = ReadSessionLimit<&settings::SessionLimits::all>;
constexpr auto kReadClientSessions = ReadSessionLimit<&settings::SessionLimits::per_client>;
constexpr auto kReadUserSessions = ReadSessionLimit<&settings::SessionLimits::per_user>;

constexpr Field<settings::SessionOptions> kRouteLimitFields[] = {
    {"message", ReadMessageLimit},
    {"bandwidth", ReadBandwidth},
    {"route_sessions", kReadRouteSessions},
    {"sessions_per_client", kReadClientSessions},
    {"sessions_per_user", kReadUserSessions},
};

constexpr std::string_view kLimitNotInRoute =
    "applies before a route is known; set it in 'limits' under 'defaults'";

constexpr Misplaced kNoRouteLimits[] = {
    {"request_line", kLimitNotInRoute},
    {"header", kLimitNotInRoute},
    {"header_count", kLimitNotInRoute},
    {"memory", "is of all sessions together; set it in 'limits' under 'defaults'"},
    {"socket_buffer", kLimitNotInRoute},
    {"sessions",
     "counts those of all routes; set it in 'limits' under 'defaults', or set "
     "'route_sessions' here"},
    {"handshake_rate", kLimitNotInRoute},
};

struct RateDraft {
  settings::Rate rate;
  bool has_rate = false;
};

constexpr Field<RateDraft> kRateFields[] = {
    {"rate",
     [](Reader& reader, const Value& value, RateDraft& draft) {
       draft.has_rate = true;
       reader.ReadScalar(value, "a rate", ParseRate, draft.rate.interval);
     }},
    {"burst",
     [](Reader& reader, const Value& value, RateDraft& draft) {
       uint64_t burst = 0;
       const auto parse = [](std::string_view text) { return ParseCount(text, kBurstRange); };
       if (reader.ReadScalar(value, "a number", parse, burst)) {
         draft.rate.burst = static_cast<uint32_t>(burst);
       }
     }},
};

void ReadHandshakeRate(Reader& reader, const Value& value, std::optional<settings::Rate>& rate) {
  if (value.node.IsScalar()) {
    const std::string expected = "'off' or a mapping with 'rate' and 'burst'";
    const auto text = reader.Text(value, expected);
    if (text && *text != "off") reader.Error(value, settings::Expected(expected, *text));
    return;
  }
  RateDraft draft;
  if (!reader.ReadMapping<RateDraft>(value, kRateFields, draft)) return;
  if (!draft.has_rate) reader.Missing(value, "rate");
  rate = draft.rate;
}

struct LimitsDraft {
  explicit LimitsDraft(settings::SessionOptions& session_options) : options(session_options) {}

  settings::Limits limits;
  settings::SessionOptions& options;
  std::optional<Value> request_line;  // set if the file has a valid value
  std::optional<Value> header;
  bool is_whole = true;
};

template <auto read>
void InLimits(Reader& reader, const Value& value, LimitsDraft& draft) {
  read(reader, value, draft.options);
}

void ReadSize(Reader& reader, const Value& value, const Range& range, LimitsDraft& draft,
              size_t& size, std::optional<Value>& place) {
  const auto parse = [&range](std::string_view text) { return ParseSize(text, range); };
  if (reader.ReadScalar(value, "a size", parse, size)) {
    place = value;
  } else {
    draft.is_whole = false;
  }
}

constexpr Field<LimitsDraft> kLimitFields[] = {
    {"request_line",
     [](Reader& reader, const Value& value, LimitsDraft& draft) {
       ReadSize(reader, value, kRequestLineRange, draft, draft.limits.request_line,
                draft.request_line);
     }},
    {"header",
     [](Reader& reader, const Value& value, LimitsDraft& draft) {
       ReadSize(reader, value, kHeaderRange, draft, draft.limits.header, draft.header);
     }},
    {"header_count",
     [](Reader& reader, const Value& value, LimitsDraft& draft) {
       const auto parse = [](std::string_view text) { return ParseCount(text, kHeaderCountRange); };
       reader.ReadScalar(value, "a number", parse, draft.limits.header_count);
     }},
    {"message", [](Reader& reader, const Value& value,
                   LimitsDraft& draft) { ReadMessageLimit(reader, value, draft.options); }},
    {"bandwidth", [](Reader& reader, const Value& value,
                     LimitsDraft& draft) { ReadBandwidth(reader, value, draft.options); }},
    {"memory",
     [](Reader& reader, const Value& value, LimitsDraft& draft) {
       const auto parse = [](std::string_view text) { return ParseSize(text, kMemoryRange); };
       reader.ReadScalar(value, "a size", parse, draft.limits.memory);
     }},
    {"socket_buffer",
     [](Reader& reader, const Value& value, LimitsDraft& draft) {
       const auto parse = [](std::string_view text) {
         return ParseSizeOrAuto(text, kSocketBufferRange);
       };
       reader.ReadScalar(value, "a size", parse, draft.limits.socket_buffer);
     }},
    {"sessions",
     [](Reader& reader, const Value& value, LimitsDraft& draft) {
       ReadSessions<&settings::Limits::sessions>(reader, value, draft.limits);
     }},
    {"route_sessions", InLimits<kReadRouteSessions>},
    {"sessions_per_client", InLimits<kReadClientSessions>},
    {"sessions_per_user", InLimits<kReadUserSessions>},
    {"handshake_rate",
     [](Reader& reader, const Value& value, LimitsDraft& draft) {
       ReadHandshakeRate(reader, value, draft.limits.handshake_rate);
     }},
};

// The request line is a part of the head, so the limit of the head must be larger.
void CheckRequestLine(Reader& reader, const LimitsDraft& draft) {
  const auto request_line = FormatSize(draft.limits.request_line);
  const auto header = FormatSize(draft.limits.header);
  if (!draft.is_whole || draft.limits.request_line <= draft.limits.header) return;
  if (draft.request_line) {
    reader.Error(*draft.request_line,
                 settings::Expected("no more than 'header', which is " + header, request_line));
  } else {
    reader.Error(
        *draft.header,
        settings::Expected("no less than 'request_line', which is " + request_line, header));
  }
}

void ReadLimits(Reader& reader, const Value& value, Defaults& defaults) {
  LimitsDraft draft(defaults.options);
  reader.ReadMapping<LimitsDraft>(value, kLimitFields, draft);
  CheckRequestLine(reader, draft);
  defaults.limits = draft.limits;
}

constexpr Field<Defaults> kDefaultsFields[] = {
    {"keepalive", InOptions<ReadKeepalive>},
    {"timeouts",
     [](Reader& reader, const Value& value, Defaults& defaults) {
       reader.ReadMapping<Defaults>(value, kDefaultTimeoutFields, defaults);
     }},
    {"limits", ReadLimits},
    {"on_dial_failure", InOptions<ReadOnDialFailure>},
    {"close_codes", InOptions<ReadCloseCodes>},
    {"on_removal", InOptions<ReadOnRemoval>},
    {"subprotocols", InOptions<ReadSubprotocols>},
    {"origins", InOptions<ReadOrigins>},
    {"require_origin", InOptions<ReadRequireOrigin>},
    {"framing", InOptions<ReadFraming>},
    {"compression", InOptions<ReadCompression>},
    {"auth", InOptions<ReadAuth>},
};

// Reads a list of different texts; `parse` reads each of them.
template <typename Parse>
void ReadDistinct(Reader& reader, const Value& value, std::string_view items, Parse parse,
                  std::optional<std::vector<std::string>>& target) {
  std::vector<std::string> texts;
  for (const auto& item : reader.Items(value, items)) {
    std::string text;
    if (!reader.ReadScalar(item, "a text", parse, text)) continue;
    if (std::find(texts.begin(), texts.end(), text) != texts.end()) {
      reader.Error(item, settings::Quote(text) + " is in the list twice");
    }
    texts.push_back(std::move(text));
  }
  target = std::move(texts);
}

}  // namespace

void ReadKeepalive(Reader& reader, const Value& value, settings::SessionOptions& options) {
  reader.ReadMapping<settings::Keepalive>(value, kKeepaliveFields, options.keepalive);
}

void ReadRouteTimeouts(Reader& reader, const Value& value, settings::SessionOptions& options) {
  reader.ReadMapping<settings::SessionOptions>(value, kRouteTimeoutFields, options,
                                               kNoRouteTimeouts);
}

void ReadRouteLimits(Reader& reader, const Value& value, settings::SessionOptions& options) {
  reader.ReadMapping<settings::SessionOptions>(value, kRouteLimitFields, options, kNoRouteLimits);
}

void ReadOnRemoval(Reader& reader, const Value& value, settings::SessionOptions& options) {
  reader.ReadScalar(value, "'keep' or 'close'", ParseOnRemoval, options.on_removal);
}

void ReadOnDialFailure(Reader& reader, const Value& value, settings::SessionOptions& options) {
  reader.ReadScalar(value, "'close' or 'http'", ParseOnDialFailure, options.on_dial_failure);
}

void ReadCloseCodes(Reader& reader, const Value& value, settings::SessionOptions& options) {
  reader.ReadScalar(value, "'standard' or 'websockify'", ParseCloseCodes, options.close_codes);
}

void ReadSubprotocols(Reader& reader, const Value& value, settings::SessionOptions& options) {
  ReadDistinct(reader, value, "subprotocols", ParseSubprotocol, options.subprotocols);
}

void ReadOrigins(Reader& reader, const Value& value, settings::SessionOptions& options) {
  ReadDistinct(reader, value, "origins", ParseOrigin, options.origins);
}

void ReadHosts(Reader& reader, const Value& value, std::optional<std::vector<std::string>>& hosts) {
  ReadDistinct(reader, value, "hosts", ParseHostName, hosts);
  if (hosts->size() > 1 && std::find(hosts->begin(), hosts->end(), "*") != hosts->end()) {
    reader.Error(
        value, "'*' allows any name, so that the others have no effect; take them out, or the '*'");
  }
}

void ReadRequireOrigin(Reader& reader, const Value& value, settings::SessionOptions& options) {
  reader.ReadScalar(value, "'true' or 'false'", ParseBool, options.require_origin);
}

void ReadDefaults(Reader& reader, const Value& value, Defaults& defaults) {
  reader.ReadMapping<Defaults>(value, kDefaultsFields, defaults);
}

void AddOptionMappings(std::vector<KnownMapping>& mappings) {
  mappings.push_back({"defaults", KeysOf<Defaults>(kDefaultsFields)});
  mappings.push_back({"keepalive", KeysOf<settings::Keepalive>(kKeepaliveFields)});
  mappings.push_back({"default_timeouts", KeysOf<Defaults>(kDefaultTimeoutFields)});
  mappings.push_back({"bandwidth", KeysOf<settings::Bandwidth>(kBandwidthFields)});
  mappings.push_back({"limits", KeysOf<LimitsDraft>(kLimitFields)});
  mappings.push_back({"handshake_rate", KeysOf<RateDraft>(kRateFields)});
  mappings.push_back({"route_timeouts", KeysOf<settings::SessionOptions>(kRouteTimeoutFields)});
  mappings.push_back({"route_limits", KeysOf<settings::SessionOptions>(kRouteLimitFields)});
}

}  // namespace sluice::config
