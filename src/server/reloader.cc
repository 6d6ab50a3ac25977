#include "sluice/server/reloader.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>

#include "sluice/server/exposure.h"

namespace sluice::server {
namespace {

// The faults that are logged at most: more would not help the reader of the log.
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
        const bool is_ending = server_.is_draining() || server_.is_retired();
        if (server_.config().reload == settings::Reload::kWatch && !is_ending) Reload();
      })) {}

void Reloader::Reload() {
  if (state_ == State::kIdle) {
    Begin();
  } else {
    state_ = State::kApplyingAgain;
  }
}

std::shared_ptr<const void> Reloader::Reload(Done done) {
  auto waiter = std::make_shared<const Done>(std::move(done));
  waiting_.push_back(waiter);
  Reload();
  return waiter;
}

void Reloader::Begin() {
  state_ = State::kApplying;
  asked_ = std::exchange(waiting_, {});
  outcome_ = TryReload();
  if (outcome_.result != Result::kReloaded) Finish();
}

void Reloader::Finish() {
  LogOutcome();
  server_.metrics().CountReload(outcome_.result != Result::kFailed, SecondsNow());
  const bool is_due_again = state_ == State::kApplyingAgain;
  state_ = State::kIdle;
  const Outcome outcome = std::move(outcome_);
  for (const auto& waiter : std::exchange(asked_, {})) {
    if (const auto done = waiter.lock()) (*done)(outcome);
  }
  if (is_due_again) Begin();
}

void Reloader::LogOutcome() const {
  switch (outcome_.result) {
    case Result::kUnchanged:
      log_.Write(base::LogLevel::kInfo, "config_unchanged", {});
      break;
    case Result::kReloaded:
      log_.Write(
          base::LogLevel::kInfo, "config_reloaded",
          {{"route_count", server_.config().routes.size()}, {"warnings", outcome_.warnings}});
      LogExposure(server_.config(), ConfigForm::kFile, log_);
      break;
    case Result::kFailed:
      for (size_t i = 0; i < std::min(outcome_.faults.size(), kMostFaults); ++i) {
        log_.Write(base::LogLevel::kError, "config_fault", {{"detail", outcome_.faults[i]}});
      }
      log_.Write(base::LogLevel::kError, "config_kept", {{"faults", outcome_.faults.size()}});
      break;
  }
}

Reloader::Outcome Reloader::TryReload() {
  config::LoadResult loaded = load_();
  if (!loaded) {
    Outcome outcome{Result::kFailed};
    for (const auto& diagnostic : loaded.error()) {
      if (diagnostic.severity == config::Severity::kError) {
        outcome.faults.push_back(diagnostic.Headline());
      } else {
        log_.Write(base::LogLevel::kWarn, "config_warning", {{"detail", diagnostic.Headline()}});
      }
    }
    return outcome;
  }
  if (loaded->text == text_) return {Result::kUnchanged};
  auto applying =
      server_.Reload(std::make_shared<const settings::Config>(std::move(loaded->config)),
                     [this](const std::vector<size_t>& silent_workers) {
                       outcome_.silent_workers = silent_workers;
                       Finish();
                     });
  if (!applying) return {Result::kFailed, {std::move(applying).error()}};
  applying_ = *std::move(applying);
  text_ = std::move(loaded->text);
  for (const auto& warning : loaded->warnings) {
    log_.Write(base::LogLevel::kWarn, "config_warning", {{"detail", warning.Headline()}});
  }
  return {Result::kReloaded, {}, loaded->warnings.size()};
}

}  // namespace sluice::server
