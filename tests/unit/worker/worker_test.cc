#include "sluice/worker/worker.h"

#include <array>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sluice/auth/rate_limiter.h"
#include "sluice/auth/session_quota.h"
#include "sluice/base/snapshot.h"
#include "sluice/intake/generation.h"
#include "sluice/tls/context.h"

#include "dns/no_resolver.h"
#include "net/run_loop.h"
#include "net/sockets.h"
#include "tls/certificates.h"
#include "tls/tls_client.h"

namespace sluice::worker {
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

  settings::Listener Plain() const { return {net::testing::Tcp("127.0.0.1", 0)}; }
  settings::Listener Tls() const {
    settings::Listener listener = Plain();
    listener.tls = settings::Tls{.certificates = {certificate}};
    return listener;
  }

  /// Loads the next configuration. UseOn then gives it to a worker.
  void Load(std::vector<settings::Listener> listeners) {
    config = std::make_shared<settings::Config>();
    config->listeners = std::move(listeners);
    ++number;
    auto made = ports.PlanFor(config->listeners, workers.size());
    ASSERT_TRUE(made) << made.error();
    plan = *std::move(made);
    ports.Commit(plan);
    for (size_t i = 0; i < plan.of_worker[kOther].size(); ++i) {
      auto& from = plan.of_worker[kOther][i].sockets;
      auto& to = plan.of_worker[kFirst][i].sockets;
      std::move(from.begin(), from.end(), std::back_inserter(to));
      from.clear();
    }
  }
  void UseOn(size_t worker) {
    net::EventLoop& loop = workers[worker]->loop();
    auto generation = std::make_shared<intake::Generation>(
        config, std::make_shared<dns::testing::NoResolver>(),
        metrics::WorkerMetrics(0, config->listeners.size(), 0), quota.RouteCountsOf(*config),
        std::make_shared<routing::Pools>(*config, nullptr, 1));
    generation->number = number;
    for (size_t i = 0; i < config->listeners.size(); ++i) {
      if (!config->listeners[i].tls) continue;
      auto context = tls::Context::Create(*config->listeners[i].tls);
      ASSERT_TRUE(context) << context.error();
      generation->listener_tls[i] =
          std::make_shared<const base::Snapshot<tls::Context>>(*std::move(context));
    }
    workers[worker]->Use(std::move(generation), std::move(plan.of_worker[worker]));
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

  tls::testing::CertificateDirectory directory;
  settings::Certificate certificate = directory.Make("current", "localhost");
  NoLog log;
  auth::SessionQuota quota;
  auth::RateLimiter rate_limiter;
  workspace::MemoryBudget memory{0};
  WorkerSetup setup{rate_limiter, memory, {}, log};
  std::shared_ptr<settings::Config> config;
  uint64_t number = 0;
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
  tls::testing::TlsClient client;
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
}  // namespace sluice::worker
