#include "load/run.h"

#include <algorithm>
#include <future>
#include <stdexcept>
#include <utility>

namespace sluice::bench {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kRetryNs = 10'000'000;
constexpr int64_t kQuietNs = 50'000'000;
constexpr int64_t kMaxEndingNs = 2 * kSecond;

// More at once would measure the gateway's listen backlog.
constexpr size_t kMaxOpening = 64;

int64_t ToNs(double seconds) {
  return static_cast<int64_t>(seconds * 1e9);
}

}  // namespace

/// Brings what the backend reports into the thread of the run, unless that is over by then.
class Run::BackendReporter : public Reporter {
 public:
  explicit BackendReporter(Run& run) : run_(std::make_shared<Run*>(&run)) {}

  void OnFlowing() override {
    Post([](Run& run) { run.OnFlowing(); });
  }

  void OnFailed(const std::string& error) override {
    Post([error](Run& run) { run.OnFailed(error); });
  }

 private:
  void Post(std::function<void(Run&)> task) {
    (*run_)->loop_.Post([weak = std::weak_ptr<Run*>(run_), task = std::move(task)] {
      if (const auto run = weak.lock()) task(**run);
    });
  }

  std::shared_ptr<Run*> run_;
};

Run::Run(Loop& loop, Backend& backend, Request request,
         std::function<void(const nlohmann::json&)> announce)
    : loop_(loop),
      backend_(backend),
      announce_(std::move(announce)),
      random_(std::random_device()()),
      backend_reporter_(std::make_unique<BackendReporter>(*this)),
      cpu_(request.cpu_of) {
  if (!cpu_.FindProcesses()) throw std::runtime_error("a process of cpu_of is not there");
  work_.stream = MakeStream(random_);
  work_.traffic = MakeTraffic(request.message, request.websocket, random_);
  if (request.kind == WorkKind::kMixed) {
    work_.bulk_traffic = MakeTraffic(request.bulk_message, request.websocket, random_);
  }
  work_.request = std::move(request);
  if (work_.request.rate != 0) {
    send_interval_ = std::max<int64_t>(kSecond / static_cast<int64_t>(work_.request.rate), 1);
  }
}

Run::~Run() = default;

nlohmann::json Run::Execute() {
  InBackend([this] { backend_.Begin(work_, *backend_reporter_); });
  clients_.resize(work_.request.sessions);
  // The timer, so that even the first connect is in the loop.
  phase_end_ = INT64_MAX;
  next_check_ = 0;
  loop_.SetTimer(NowNs(), [this] {
    OpenMore();
    OnTimer();
  });
  loop_.Run();
  return Result();
}

void Run::OpenMore() {
  const size_t total = work_.request.sessions;
  const size_t most = kind() == WorkKind::kConnect ? total : std::min(total, open_ + kMaxOpening);
  while (phase_ == Phase::kOpening && launched_ < most) Launch(launched_++);
  if (kind() == WorkKind::kConnect && phase_ == Phase::kOpening) WarmUp();
}

void Run::Launch(size_t index) {
  std::unique_ptr<Client>& client = clients_[index];
  if (client) loop_.DestroyLater(std::move(client));
  client = std::make_unique<Client>(loop_, work_, totals_, *this, random_, index);
  client->Connect();
}

void Run::OnOpen(Client& client) {
  ++open_;
  if (kind() == WorkKind::kConnect || kind() == WorkKind::kIdle) client.Go();
  if (phase_ != Phase::kOpening) return;
  if (open_ == work_.request.sessions && kind() != WorkKind::kIdle) return StartFlow();
  OpenMore();
}

void Run::StartFlow() {
  phase_ = Phase::kStarting;
  InBackend([this] { backend_.Go(); });
  for (const auto& client : clients_) {
    if (phase_ == Phase::kEnding) return;
    client->Go();
  }
}

void Run::OnFlowing() {
  if (++flowing_ == work_.request.sessions && phase_ == Phase::kStarting) WarmUp();
}

void Run::OnFinished(Client& client) {
  if (phase_ == Phase::kEnding) return;
  ++finished_;
  if (kind() == WorkKind::kConnect) {
    ++cycles_;
    totals_.latency.Add(static_cast<uint64_t>(NowNs() - client.start_time()));
    Launch(client.index());
  } else if (finished_ == work_.request.sessions) {
    WarmUp();
  }
}

void Run::OnFailed(const std::string& error) {
  if (phase_ == Phase::kEnding) return;
  if (error_.empty()) error_ = error;
  // A broken cycle is counted where its client breaks; the others go on.
  if (kind() != WorkKind::kConnect) End();
}

void Run::OnClientFailed(Client& client, const std::string& error) {
  OnFailed(error);
  if (phase_ == Phase::kEnding) return;
  ++failed_;
  retries_.push_back(client.index());
  SetTimer();
}

void Run::WarmUp() {
  phase_ = Phase::kWarmingUp;
  announce_({{"event", "open"}});
  cpu_.FindProcesses();
  phase_end_ = NowNs() + ToNs(work_.request.warmup);
  if (work_.request.rate != 0) next_send_ = NowNs();
  SetTimer();
}

/// Sends what is due by the rate, from each session in its turn. A session that still waits for its
/// last message is passed over.
void Run::SendDue(int64_t now) {
  for (; next_send_ <= now && phase_ != Phase::kEnding; next_send_ += send_interval_) {
    Client& client = *clients_[next_sender_];
    next_sender_ = (next_sender_ + 1) % clients_.size();
    if (!client.SendNext()) ++passed_over_;
  }
}

void Run::OnTimer() {
  const int64_t now = loop_.turn_time();
  RetryFailed();
  if (phase_ == Phase::kWarmingUp && now >= phase_end_) {
    phase_ = Phase::kMeasuring;
    totals_.latency.Clear();
    passed_over_ = 0;
    before_ = Take();
    phase_end_ = before_.time + ToNs(work_.request.seconds);
  } else if (phase_ == Phase::kMeasuring && now >= phase_end_) {
    after_ = Take();
    const CpuTime newcomers = cpu_.SampleNewcomers();
    after_.cpu.total_ns += newcomers.total_ns;
    after_.cpu.user_ns += newcomers.user_ns;
    after_.cpu.system_ns += newcomers.system_ns;
    if (kind() != WorkKind::kIdle && after_.bytes == before_.bytes && error_.empty()) {
      error_ = "nothing arrived in the window";
    }
    return End();
  }
  if (now >= next_check_) CheckStalls();
  SendDue(now);
  SetTimer();
}

void Run::SetTimer() {
  if (phase_ == Phase::kEnding) return;  // Which has set its own.
  int64_t next = std::min({phase_end_, next_check_, next_send_});
  if (!retries_.empty()) next = std::min(next, NowNs() + kRetryNs);
  loop_.SetTimer(next, [this] { OnTimer(); });
}

void Run::CheckStalls() {
  next_check_ = loop_.turn_time() + kSecond;
  if (phase_ != Phase::kOpening) {
    backend_.loop().Post([&backend = backend_] { backend.CheckStalls(); });
  }
  for (size_t i = 0; i < launched_ && phase_ != Phase::kEnding; ++i) clients_[i]->CheckStall();
}

void Run::RetryFailed() {
  for (const size_t index : std::exchange(retries_, {})) Launch(index);
}

void Run::End() {
  phase_ = Phase::kEnding;
  InBackend([this] { backend_.End(); });
  for (auto& client : clients_) {
    if (!client) continue;
    client->Abandon();
    loop_.DestroyLater(std::move(client));
  }
  phase_end_ = NowNs() + kMaxEndingNs;
  WaitForQuiet();
}

/// A session that the gateway had yet to dial for is not to turn up in the next run.
void Run::WaitForQuiet() {
  loop_.SetTimer(NowNs() + kQuietNs, [this, accepted = backend_.accepted()] {
    if (backend_.accepted() == accepted || loop_.turn_time() > phase_end_) return loop_.Stop();
    WaitForQuiet();
  });
}

/// In the backend's thread, and done when this returns.
void Run::InBackend(const std::function<void()>& task) {
  if (&backend_.loop() == &loop_) return task();
  std::promise<void> done;
  backend_.loop().Post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();
}

Run::Snapshot Run::Take() const {
  Snapshot snapshot;
  snapshot.time = NowNs();
  const bool to_backend = kind() == WorkKind::kToBackend;
  snapshot.bytes = backend_.verified_bytes() + totals_.verified_bytes;
  snapshot.messages =
      to_backend ? backend_.verified_bytes() / work_.request.message : totals_.messages;
  snapshot.cycles = cycles_;
  snapshot.failed = failed_;
  snapshot.cpu = cpu_.Sample();
  return snapshot;
}

nlohmann::json Run::Result() const {
  nlohmann::json result;
  result["ok"] = error_.empty();
  if (!error_.empty()) result["error"] = error_;
  if (after_.time == 0) return result;
  result["seconds"] = static_cast<double>(after_.time - before_.time) / 1e9;
  result["bytes"] = after_.bytes - before_.bytes;
  result["messages"] = after_.messages - before_.messages;
  result["cycles"] = after_.cycles - before_.cycles;
  result["failed"] = after_.failed - before_.failed;
  result["pings"] = totals_.pings;
  if (work_.request.rate != 0) result["passed_over"] = passed_over_;
  if (!work_.request.cpu_of.empty()) {
    result["cpu_ns"] = after_.cpu.total_ns - before_.cpu.total_ns;
    result["cpu_user_ns"] = after_.cpu.user_ns - before_.cpu.user_ns;
    result["cpu_system_ns"] = after_.cpu.system_ns - before_.cpu.system_ns;
  }
  if (totals_.latency.count() > 0) {
    result["p50_us"] = totals_.latency.Quantile(0.5) / 1e3;
    result["p99_us"] = totals_.latency.Quantile(0.99) / 1e3;
    result["p999_us"] = totals_.latency.Quantile(0.999) / 1e3;
    result["max_us"] = static_cast<double>(totals_.latency.max()) / 1e3;
  }
  return result;
}

}  // namespace sluice::bench
