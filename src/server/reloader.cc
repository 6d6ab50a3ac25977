#include "sluice/server/reloader.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "sluice/server/exposure.h"

namespace sluice::server {
namespace {

// More of them are of no help in a log.
constexpr size_t kMostFaults = 10;

int64_t SecondsNow() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace

Reloader::Reloader(Server& server, base::Log& log, const std::string& file, Load load,
                   std::string text)
    : server_(server),
      log_(log),
      load_(std::move(load)),
      text_(std::move(text)),
      watched_(server.WatchConfigFile(file, [this] {
        const bool is_ending = server_.draining() || server_.retired();
        if (server_.config().reload == settings::Reload::kWatch && !is_ending) Reload();
      })) {}

Reloader::Outcome Reloader::Reload() {
  Outcome outcome = TryReload();
  switch (outcome.result) {
    case Result::kUnchanged:
      log_.Write(base::LogLevel::kInfo, "config_unchanged", {});
      break;
    case Result::kReloaded:
      log_.Write(base::LogLevel::kInfo, "config_reloaded",
                 {{"route_count", server_.config().routes.size()}, {"warnings", outcome.warnings}});
      TellExposure(server_.config(), ConfigForm::kFile, log_);
      break;
    case Result::kFailed:
      for (size_t i = 0; i < std::min(outcome.faults.size(), kMostFaults); ++i) {
        log_.Write(base::LogLevel::kError, "config_fault", {{"detail", outcome.faults[i]}});
      }
      log_.Write(base::LogLevel::kError, "config_kept", {{"faults", outcome.faults.size()}});
      break;
  }
  server_.metrics().CountReload(outcome.result != Result::kFailed, SecondsNow());
  return outcome;
}

Reloader::Outcome Reloader::TryReload() {
  config::LoadResult loaded = load_();
  if (!loaded) {
    Outcome outcome{Result::kFailed, {}};
    for (const auto& diagnostic : loaded.error()) {
      if (diagnostic.severity == config::Severity::kError) {
        outcome.faults.push_back(diagnostic.Headline());
      } else {
        log_.Write(base::LogLevel::kWarn, "config_warning", {{"detail", diagnostic.Headline()}});
      }
    }
    return outcome;
  }
  if (loaded->text == text_) return {Result::kUnchanged, {}};
  auto done = server_.Reload(std::make_shared<const settings::Config>(std::move(loaded->config)));
  if (!done) return {Result::kFailed, {std::move(done).error()}};
  text_ = std::move(loaded->text);
  for (const auto& warning : loaded->warnings) {
    log_.Write(base::LogLevel::kWarn, "config_warning", {{"detail", warning.Headline()}});
  }
  return {Result::kReloaded, {}, loaded->warnings.size()};
}

}  // namespace sluice::server
