#include "server/worker.h"

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "net/certificates.h"
#include "net/run_loop.h"
#include "net/sockets.h"
#include "net/tls_client.h"
#include "server/active_config.h"

namespace sluice::server {
namespace {

using net::testing::RunTurns;

class NoLog final : public base::Log {
 public:
  void Write(base::LogLevel, std::string_view, std::span<const base::LogField>) override {}
};

/// Two workers whose loops the test runs itself, so that one of them can reload before the other.
/// The first accepts every connection and passes each second one to the other, which has fewer.
class WorkerTest : public ::testing::Test {
 protected:
  static constexpr size_t kFirst = 0;
  static constexpr size_t kOther = 1;

  WorkerTest() {
    for (auto& worker : workers) worker = std::make_unique<Worker>(setup, 1);
    for (auto& worker : workers) worker->SetPeers({workers[0].get(), workers[1].get()});
  }

  config::Listener Plain() const { return {net::testing::Tcp("127.0.0.1", 0)}; }
  config::Listener Tls() const {
    config::Listener listener = Plain();
    listener.tls = config::Tls{.certificates = {certificate}};
    return listener;
  }

  /// Loads the next configuration. UseOn then gives it to a worker.
  void Load(std::vector<config::Listener> listeners) {
    auto config = std::make_shared<config::Config>();
    config->listeners = std::move(listeners);
    auto loaded = ActiveConfig::Load({files, log, collector, admission}, config, active.get());
    ASSERT_TRUE(loaded) << loaded.error();
    active = *std::move(loaded);
    auto made = ports.PlanFor(active->config().listeners, workers.size());
    ASSERT_TRUE(made) << made.error();
    plan = *std::move(made);
    ports.Take(plan);
    for (size_t i = 0; i < plan.of_worker[kOther].size(); ++i) {
      auto& from = plan.of_worker[kOther][i].sockets;
      auto& to = plan.of_worker[kFirst][i].sockets;
      std::move(from.begin(), from.end(), std::back_inserter(to));
      from.clear();
    }
  }
  void UseOn(size_t worker) {
    net::EventLoop& loop = workers[worker]->loop();
    auto generation = active->MakeGeneration(loop, worker, {});
    ASSERT_TRUE(generation) << generation.error();
    workers[worker]->Use(*std::move(generation), std::move(plan.of_worker[worker]));
    RunTurns(loop, 2);
  }

  /// What the other worker sends back to `request`.
  std::string AnswerOfOther(const net::Fd& client, std::string_view request) {
    net::testing::SendAll(client, request);
    std::string answer;
    EXPECT_TRUE(net::testing::RunUntil(workers[kOther]->loop(), [&] {
      answer += net::testing::Available(client);
      return !answer.empty() || net::testing::AtEnd(client);
    }));
    return answer;
  }

  net::testing::CertificateDirectory directory;
  config::Certificate certificate = directory.Make("current", "localhost");
  net::EventLoop main_loop;
  FileWatch files{main_loop};
  NoLog log;
  metrics::Collector collector{"test", 2};
  relay::Admission admission;
  relay::MemoryBudget memory{0};
  WorkerSetup setup{admission, memory, {}, log};
  std::unique_ptr<ActiveConfig> active;
  Ports ports{{}};
  Ports::Plan plan;
  std::array<std::unique_ptr<Worker>, 2> workers;
};

TEST_F(WorkerTest, APassedConnectionKeepsItsListenerThroughAReload) {
  Load({Plain(), Tls()});
  const uint16_t port = plan.bound[1].port;
  UseOn(kFirst);
  UseOn(kOther);
  Load({Plain(), Tls()});
  UseOn(kOther);

  const net::Fd kept = net::testing::ConnectTo(port);
  const net::Fd passed = net::testing::ConnectTo(port);
  RunTurns(workers[kFirst]->loop(), 2);
  net::testing::TlsClient client;
  client.Input(AnswerOfOther(passed, client.Output()));
  EXPECT_EQ(client.error(), "");
  EXPECT_EQ(client.ServerName(), "localhost");
}

TEST_F(WorkerTest, APassedConnectionEndsIfItsListenerIsRemoved) {
  Load({Plain(), Plain()});
  const uint16_t port = plan.bound[1].port;
  UseOn(kFirst);
  UseOn(kOther);
  Load({Plain()});
  UseOn(kOther);

  const net::Fd kept = net::testing::ConnectTo(port);
  const net::Fd passed = net::testing::ConnectTo(port);
  RunTurns(workers[kFirst]->loop(), 2);
  EXPECT_EQ(AnswerOfOther(passed, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"), "");
}

}  // namespace
}  // namespace sluice::server
