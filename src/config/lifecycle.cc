#include "config/lifecycle.h"

#include <chrono>
#include <string_view>

#include "config/quote.h"
#include "config/values.h"

namespace sluice::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr TimeoutRange kRange{milliseconds(100), hours(24), /*may_be_off=*/true};

template <auto member>
void ReadTime(Reader& reader, const Value& value, Drain& drain) {
  const auto parse = [](std::string_view text) { return ParseTimeout(text, kRange); };
  reader.ReadScalar(value, "a duration", parse, drain.*member);
}

constexpr Field<Drain> kDrainFields[] = {
    {"delay", ReadTime<&Drain::delay>},
    {"window", ReadTime<&Drain::window>},
};

constexpr Field<LogOptions> kLogFields[] = {
    {"session_opened",
     [](Reader& reader, const Value& value, LogOptions& log) {
       reader.ReadScalar(value, "'true' or 'false'", ParseBool, log.session_opened);
     }},
};

Parsed<Reload> ParseReload(std::string_view text) {
  if (text == "signal") return Reload::kSignal;
  if (text == "watch") return Reload::kWatch;
  return base::Unexpected(Expected("'signal' or 'watch'", text));
}

}  // namespace

void ReadReload(Reader& reader, const Value& value, Reload& reload) {
  reader.ReadScalar(value, "'signal' or 'watch'", ParseReload, reload);
}

void ReadLog(Reader& reader, const Value& value, LogOptions& log) {
  reader.ReadMapping<LogOptions>(value, kLogFields, log);
}

void ReadDrain(Reader& reader, const Value& value, Timeout timeout, Drain& drain) {
  if (!reader.ReadMapping<Drain>(value, kDrainFields, drain)) return;
  if (drain.delay + drain.window < timeout) return;
  reader.Error(value, "'delay' and 'window' are " + FormatTimeout(drain.delay + drain.window) +
                          " together; expected less than 'timeouts.drain', after which all is "
                          "over: " +
                          FormatTimeout(timeout));
}

void AddLifecycleMappings(std::vector<KnownMapping>& mappings) {
  mappings.push_back({"drain", KeysOf<Drain>(kDrainFields)});
  mappings.push_back({"log", KeysOf<LogOptions>(kLogFields)});
}

}  // namespace sluice::config
