// One run, from the first connect to the result: opens all sessions, lets the work flow, warms up,
// and then measures a window.
//
//   opening ──► starting ──► warming up ──► measuring ──► ending
//
// "starting" lasts until payload has arrived at every session. What is counted is what was received
// and verified between two instants, at which the gateway's processor time is sampled too.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "load/backend.h"
#include "load/client.h"
#include "load/cpu_sampler.h"
#include "load/loop.h"
#include "load/work.h"

namespace sluice::bench {

class Run : public ClientOwner {
 public:
  /// `announce` prints what is to be known before the end. Throws std::runtime_error if a process
  /// of cpu_of is not there.
  Run(Loop& loop, Backend& backend, Request request,
      std::function<void(const nlohmann::json&)> announce);
  ~Run() override;

  /// Runs the loop until the result is known.
  nlohmann::json Execute();

  void OnOpen(Client& client) override;
  void OnFlowing() override;
  void OnFinished(Client& client) override;
  void OnFailed(const std::string& error) override;
  void OnClientFailed(Client& client, const std::string& error) override;

 private:
  enum class Phase { kOpening, kStarting, kWarmingUp, kMeasuring, kEnding };
  class BackendReporter;

  struct Snapshot {
    int64_t time = 0;
    uint64_t bytes = 0;
    uint64_t messages = 0;
    uint64_t cycles = 0;
    uint64_t failed = 0;
    CpuTime cpu;
  };

  WorkKind kind() const { return work_.request.kind; }

  void OpenMore();
  void Launch(size_t index);
  void StartFlow();
  void WarmUp();
  void End();
  void SendDue(int64_t now);
  void OnTimer();
  void SetTimer();
  void CheckStalls();
  void RetryFailed();
  void WaitForQuiet();
  void InBackend(const std::function<void()>& task);
  Snapshot Take() const;
  nlohmann::json Result() const;

  Loop& loop_;
  Backend& backend_;
  std::function<void(const nlohmann::json&)> announce_;
  std::mt19937_64 random_;
  Work work_;
  std::unique_ptr<BackendReporter> backend_reporter_;
  CpuSampler cpu_;
  ClientTotals totals_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::vector<size_t> retries_;
  Phase phase_ = Phase::kOpening;
  size_t launched_ = 0;
  size_t open_ = 0;
  size_t flowing_ = 0;
  size_t finished_ = 0;
  uint64_t cycles_ = 0;
  uint64_t failed_ = 0;
  int64_t phase_end_ = INT64_MAX;
  int64_t next_check_ = 0;
  int64_t send_interval_ = 0;
  int64_t next_send_ = INT64_MAX;  // By the rate of the request, if it has one.
  size_t next_sender_ = 0;
  uint64_t passed_over_ = 0;
  Snapshot before_;
  Snapshot after_;  // Stays empty if the run has failed before.
  std::string error_;
};

}  // namespace sluice::bench
