#include "config/lifecycle.h"

#include <chrono>
#include <string_view>

#include "sluice/settings/process.h"
#include "sluice/settings/quote.h"
#include "sluice/settings/timeout.h"

#include "config/values.h"

namespace sluice::config {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr TimeoutRange kRange{milliseconds(100), hours(24), /*may_be_off=*/true};

template <auto member>
void ReadTime(Reader& reader, const Value& value, settings::Drain& drain) {
  const auto parse = [](std::string_view text) { return ParseTimeout(text, kRange); };
  reader.ReadScalar(value, "a duration", parse, drain.*member);
}

constexpr Field<settings::Drain> kDrainFields[] = {
    {"delay", ReadTime<&settings::Drain::delay>},
    {"window", ReadTime<&settings::Drain::window>},
};

constexpr Field<settings::LogOptions> kLogFields[] = {
    {"session_opened",
     [](Reader& reader, const Value& value, settings::LogOptions& log) {
       reader.ReadScalar(value, "'true' or 'false'", ParseBool, log.session_opened);
     }},
};

Parsed<settings::Reload> ParseReload(std::string_view text) {
  if (text == "signal") return settings::Reload::kSignal;
  if (text == "watch") return settings::Reload::kWatch;
  return base::Unexpected(settings::Expected("'signal' or 'watch'", text));
}

}  // namespace

void ReadReload(Reader& reader, const Value& value, settings::Reload& reload) {
  reader.ReadScalar(value, "'signal' or 'watch'", ParseReload, reload);
}

void ReadLog(Reader& reader, const Value& value, settings::LogOptions& log) {
  reader.ReadMapping<settings::LogOptions>(value, kLogFields, log);
}

void ReadDrain(Reader& reader, const Value& value, settings::Timeout timeout,
               settings::Drain& drain) {
  if (!reader.ReadMapping<settings::Drain>(value, kDrainFields, drain)) return;
  if (drain.delay + drain.window < timeout) return;
  reader.Error(value, "'delay' and 'window' are " + FormatTimeout(drain.delay + drain.window) +
                          " together; expected less than 'timeouts.drain', after which all is "
                          "over: " +
                          FormatTimeout(timeout));
}

void AddLifecycleMappings(std::vector<KnownMapping>& mappings) {
  mappings.push_back({"drain", KeysOf<settings::Drain>(kDrainFields)});
  mappings.push_back({"log", KeysOf<settings::LogOptions>(kLogFields)});
}

}  // namespace sluice::config
