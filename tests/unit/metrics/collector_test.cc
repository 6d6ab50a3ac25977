// Collector: sums over workers, labels, histograms, a scrape while a worker writes, and the page
// docs/metrics.md, which names exactly the families that there are.
#include "sluice/metrics/collector.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include "sluice/metrics/backend_collector.h"
#include "sluice/metrics/process.h"

#include "source_directory.h"

namespace sluice::metrics {
namespace {

using base::Cause;
using testing::HasSubstr;
using testing::Not;

MetricsLabels Labels() {
  return {.routes = {"vnc", "mqtt"},
          .listeners = {"127.0.0.1:8080"},
          .servers = {{"lab", "10.0.0.5:5900"}, {"lab", "10.0.0.6:5900"}}};
}

std::string Text(const prometheus::Collectable& collectable) {
  return prometheus::TextSerializer().Serialize(collectable.Collect());
}

template <typename Array>
Counter& Of(Array& counters, Cause cause) {
  return counters[static_cast<size_t>(cause)];
}

TEST(Collector, SumsOverWorkers) {
  Collector collector("1.2.3", 2);
  WorkerMetrics one = collector.CountersFor(Labels(), 0);
  WorkerMetrics two = collector.CountersFor(Labels(), 1);
  one.routes[0].sessions_opened.Add(2);
  two.routes[0].sessions_opened.Add();
  two.routes[1].sessions_opened.Add(7);
  two.routes[0].sessions_active.Add(3);
  two.routes[0].sessions_active.Subtract();
  one.routes[0].in(Direction::kToBackend).bytes.Add(10);
  two.routes[0].in(Direction::kToClient).bytes.Add(1'000'000);
  one.routes[1].in(Direction::kToClient).messages.Add(4);
  one.routes[1].in(Direction::kToClient).pauses.Add(5);
  one.routes[1].in(Direction::kToBackend).queued.Add(6);
  two.routes[1].pings_sent.Add(8);
  one.listeners[0].connections_accepted.Add(9);
  two.listeners[0].tls_handshakes[static_cast<size_t>(TlsResult::kNotTls)].Add(3);
  one.listeners[0].proxy_headers[static_cast<size_t>(ProxyHeader::kUntrusted)].Add(2);
  two.listeners[0].connections_active.Add(2);
  one.listeners[0].accept_errors.Add(1);
  two.listeners[0].pages_served.Add(3);
  one.servers[1].dials_succeeded.Add(2);
  two.servers[1].dials_succeeded.Add(2);

  const std::string text = Text(collector);
  for (const char* line : {
           "sluice_build_info{version=\"1.2.3\"} 1\n",
           "sluice_workers 2\n",
           "sluice_proxy_headers_total{listener=\"127.0.0.1:8080\",result=\"untrusted\"} 2\n",
           "sluice_sessions_opened_total{route=\"vnc\"} 3\n",
           "sluice_sessions_opened_total{route=\"mqtt\"} 7\n",
           "sluice_sessions_active{route=\"vnc\"} 2\n",
           "sluice_payload_bytes_total{route=\"vnc\",direction=\"to_backend\"} 10\n",
           "sluice_payload_bytes_total{route=\"vnc\",direction=\"to_client\"} 1000000\n",
           "sluice_messages_total{route=\"mqtt\",direction=\"to_client\"} 4\n",
           "sluice_pauses_total{route=\"mqtt\",direction=\"to_client\"} 5\n",
           "sluice_queued_bytes{route=\"mqtt\",direction=\"to_backend\"} 6\n",
           "sluice_pings_sent_total{route=\"mqtt\"} 8\n",
           "sluice_connections_accepted_total{listener=\"127.0.0.1:8080\"} 9\n",
           "sluice_connections_active{listener=\"127.0.0.1:8080\"} 2\n",
           "sluice_accept_errors_total{listener=\"127.0.0.1:8080\"} 1\n",
           "sluice_pages_served_total{listener=\"127.0.0.1:8080\"} 3\n",
           "sluice_backend_dials_total{backend=\"lab\",server=\"10.0.0.5:5900\",result=\"ok\"} 0\n",
           "sluice_backend_dials_total{backend=\"lab\",server=\"10.0.0.6:5900\",result=\"ok\"} 4\n",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(Collector, CausesHaveTheirCodeWhereThereIsOne) {
  Collector collector("1.2.3", 1);
  WorkerMetrics worker = collector.CountersFor(Labels(), 0);
  Of(worker.routes[0].sessions_closed, Cause::kBackendClosed).Add(2);
  Of(worker.routes[0].sessions_closed, Cause::kClientClosed).Add(3);
  Of(worker.listeners[0].requests_refused, Cause::kNoRoute).Add(4);
  Of(worker.servers[0].dials_failed, Cause::kBackendRefused).Add(6);

  const std::string text = Text(collector);
  for (const char* line : {
           "sluice_sessions_closed_total{route=\"vnc\",reason=\"backend_closed\",code=\"1000\"} "
           "2\n",
           "sluice_sessions_closed_total{route=\"vnc\",reason=\"client_closed\"} 3\n",
           "sluice_requests_refused_total{listener=\"127.0.0.1:8080\",reason=\"no_route\","
           "code=\"404\"} 4\n",
           "sluice_backend_dials_total{backend=\"lab\",server=\"10.0.0.5:5900\","
           "result=\"backend_refused\"} 6\n",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
  EXPECT_THAT(text, Not(HasSubstr("backend_reset"))) << "what never happened has no series";
}

TEST(Collector, HistogramsAreCumulative) {
  Collector collector("1.2.3", 2);
  WorkerMetrics one = collector.CountersFor(Labels(), 0);
  WorkerMetrics two = collector.CountersFor(Labels(), 1);
  one.routes[0].ping_rtt.Observe(0.001);  // A bound belongs to its bucket.
  one.routes[0].ping_rtt.Observe(0.002);
  two.routes[0].ping_rtt.Observe(0.25);
  two.routes[0].ping_rtt.Observe(11);
  one.routes[0].session_duration.Observe(61);
  two.servers[0].dial_duration.Observe(0.5);

  const std::string text = Text(collector);
  for (const char* line : {
           "sluice_ping_rtt_seconds_count{route=\"vnc\"} 4\n",
           "sluice_ping_rtt_seconds_sum{route=\"vnc\"} 11.253",
           "sluice_ping_rtt_seconds_bucket{route=\"vnc\",le=\"0.001\"} 1\n",
           "sluice_ping_rtt_seconds_bucket{route=\"vnc\",le=\"0.0025\"} 2\n",
           "sluice_ping_rtt_seconds_bucket{route=\"vnc\",le=\"0.1\"} 2\n",
           "sluice_ping_rtt_seconds_bucket{route=\"vnc\",le=\"0.25\"} 3\n",
           "sluice_ping_rtt_seconds_bucket{route=\"vnc\",le=\"10\"} 3\n",
           "sluice_ping_rtt_seconds_bucket{route=\"vnc\",le=\"+Inf\"} 4\n",
           "sluice_session_duration_seconds_bucket{route=\"vnc\",le=\"60\"} 0\n",
           "sluice_session_duration_seconds_bucket{route=\"vnc\",le=\"300\"} 1\n",
           "sluice_backend_dial_duration_seconds_count{backend=\"lab\",server=\"10.0.0.5:5900\"} "
           "1\n",
       }) {
    EXPECT_THAT(text, HasSubstr(line));
  }
}

TEST(Collector, EqualLabelsAreOneSeries) {
  MetricsLabels labels = Labels();
  labels.servers[1] = labels.servers[0];
  Collector collector("1.2.3", 1);
  WorkerMetrics worker = collector.CountersFor(labels, 0);
  worker.servers[0].dials_succeeded.Add(1);
  worker.servers[1].dials_succeeded.Add(2);
  worker.servers[1].dial_duration.Observe(1);

  for (const auto& family : collector.Collect()) {
    std::set<std::vector<prometheus::ClientMetric::Label>> seen;
    for (const auto& metric : family.metric) {
      EXPECT_TRUE(seen.insert(metric.label).second) << family.name;
    }
  }
  EXPECT_THAT(Text(collector), HasSubstr("result=\"ok\"} 3\n"));
}

TEST(Collector, ALabelCountsOnInAnotherConfiguration) {
  Collector collector("1.2.3", 1);
  std::optional<WorkerMetrics> before = collector.CountersFor(Labels(), 0);
  before->routes[0].sessions_opened.Add(1);
  before->routes[1].sessions_opened.Add(2);
  MetricsLabels labels = Labels();
  labels.routes = {"new", "mqtt"};
  WorkerMetrics after = collector.CountersFor(labels, 0);
  after.routes[0].sessions_opened.Add(4);
  after.routes[1].sessions_opened.Add(8);
  before->routes[0].sessions_opened.Add(16);
  for (const char* line : {
           "sluice_sessions_opened_total{route=\"vnc\"} 17\n",
           "sluice_sessions_opened_total{route=\"mqtt\"} 10\n",
           "sluice_sessions_opened_total{route=\"new\"} 4\n",
       }) {
    EXPECT_THAT(Text(collector), HasSubstr(line)) << "as long as somebody counts";
  }
  before.reset();
  EXPECT_THAT(Text(collector), Not(HasSubstr("vnc")));
  EXPECT_THAT(Text(collector), HasSubstr("sluice_sessions_opened_total{route=\"mqtt\"} 10\n"));
}

TEST(Collector, EveryFamilyHasHelpAndAGoodName) {
  Collector collector("1.2.3", 1);
  const auto worker = collector.CountersFor(Labels(), 0);
  std::set<std::string> names;
  for (const auto& family : collector.Collect()) {
    EXPECT_TRUE(names.insert(family.name).second) << family.name << " twice";
    EXPECT_TRUE(family.name.starts_with("sluice_")) << family.name;
    EXPECT_TRUE(family.help.ends_with('.')) << family.name;
    EXPECT_EQ(family.name.ends_with("_total"), family.type == prometheus::MetricType::Counter)
        << family.name;
    EXPECT_EQ(family.name.ends_with("_seconds"), family.type == prometheus::MetricType::Histogram)
        << family.name;
  }
}

TEST(Collector, IsReadWhileAWorkerWrites) {
  constexpr int kRounds = 20'000;
  Collector collector("1.2.3", 1);
  WorkerMetrics metrics = collector.CountersFor(Labels(), 0);
  std::atomic<bool> is_scraping = false;
  std::thread worker([&] {
    while (!is_scraping) std::this_thread::yield();
    for (int i = 0; i < kRounds; ++i) {
      metrics.routes[0].sessions_opened.Add();
      metrics.routes[0].in(Direction::kToClient).bytes.Add(3);
      metrics.routes[0].ping_rtt.Observe(0.01);
      Of(metrics.routes[0].sessions_closed, Cause::kDrain).Add();
    }
  });
  double last = 0;
  while (last < kRounds) {
    is_scraping = true;
    const auto families = collector.Collect();
    const auto opened = std::find_if(families.begin(), families.end(), [](const auto& family) {
      return family.name == "sluice_sessions_opened_total";
    });
    ASSERT_NE(opened, families.end());
    const double now = opened->metric.at(0).counter.value;
    EXPECT_GE(now, last) << "a counter went back";
    last = now;
  }
  worker.join();
  EXPECT_THAT(Text(collector), HasSubstr("sluice_ping_rtt_seconds_count{route=\"vnc\"} 20000\n"));
}

TEST(CertificateMetrics, AreOfListenersAndOfBackends) {
  Collector collector("1.2.3", 1);
  EXPECT_THAT(Text(collector), Not(HasSubstr("sluice_certificate_")));
  auto& certificates = collector.certificates();
  certificates.SetExpiry({"listener", "[::]:443"}, "tls/a.pem", 1000);
  certificates.SetExpiry({"listener", "[::]:443"}, "tls/a.pem", 2000);
  certificates.SetExpiry({"backend", "db"}, "tls/b.pem", 3000);
  certificates.CountReload({"backend", "db"}, false);
  const std::string text = Text(collector);
  const std::string expiry = "sluice_certificate_expiry_timestamp_seconds";
  EXPECT_THAT(text, HasSubstr(expiry + "{listener=\"[::]:443\",certificate=\"tls/a.pem\"} 2000\n"));
  EXPECT_THAT(text, HasSubstr(expiry + "{backend=\"db\",certificate=\"tls/b.pem\"} 3000\n"));
  const std::string reloads = "sluice_certificate_reloads_total{backend=\"db\",result=";
  EXPECT_THAT(text, HasSubstr(reloads + "\"ok\"} 0\n"));
  EXPECT_THAT(text, HasSubstr(reloads + "\"failed\"} 1\n"));
  certificates.KeepOnly({{{"backend", "db"}, "tls/b.pem"}});
  EXPECT_THAT(Text(collector), HasSubstr(expiry + "{backend=\"db\",certificate=\"tls/b.pem\"}"));
  EXPECT_THAT(Text(collector), Not(HasSubstr("tls/a.pem")));
}

std::string TypeOf(prometheus::MetricType type) {
  switch (type) {
    case prometheus::MetricType::Counter:
      return "counter";
    case prometheus::MetricType::Gauge:
      return "gauge";
    case prometheus::MetricType::Histogram:
      return "histogram";
    default:
      return "other";
  }
}

BackendCollector::Samples SomeBackends() {
  return {{.backend = "lab",
           .servers = {{"a:1", true, 3, 0}, {"b:1", false, 0, 2}},
           .has_queue = true,
           .waiting = 4,
           .queue_ends = {{"place", 5}, {"timeout", 6}},
           .waited_seconds = 1.5},
          {.backend = "db", .servers = {{"c:1"}}}};
}

TEST(BackendCollector, ShowsServersAndQueues) {
  const std::string text = Text(BackendCollector(SomeBackends));
  for (const char* line : {"sluice_server_up{backend=\"lab\",server=\"a:1\"} 1",
                           "sluice_server_up{backend=\"lab\",server=\"b:1\"} 0",
                           "sluice_server_sessions{backend=\"lab\",server=\"a:1\"} 3",
                           "sluice_server_ejections_total{backend=\"lab\",server=\"b:1\"} 2",
                           "sluice_server_up{backend=\"db\",server=\"c:1\"} 1",
                           "sluice_backend_queue_requests{backend=\"lab\"} 4",
                           "sluice_backend_queue_ended_total{backend=\"lab\",result=\"timeout\"} 6",
                           "sluice_backend_queue_wait_seconds_total{backend=\"lab\"} 1.5"}) {
    EXPECT_THAT(text, HasSubstr(std::string(line) + "\n"));
  }
  // Where nobody can wait, there is nothing to tell of it.
  EXPECT_EQ(text.find("queue_requests{backend=\"db\""), std::string::npos);
}

TEST(Collector, ChecksOfServersCountOn) {
  Collector collector("1.2.3", 1);
  auto counters = collector.health().CountersOf("lab", "a:1");
  counters->passed += 2;
  ++counters->failed;
  auto same = collector.health().CountersOf("lab", "a:1");
  ++same->passed;
  counters.reset();
  const std::string text = Text(collector);
  const std::string checks = "sluice_health_checks_total{backend=\"lab\",server=\"a:1\",result=";
  EXPECT_THAT(text, HasSubstr(checks + "\"ok\"} 3\n"));
  EXPECT_THAT(text, HasSubstr(checks + "\"failed\"} 1\n"));
  EXPECT_THAT(text, Not(HasSubstr(checks + "\"local_resources\"")));
  ++same->not_made;
  EXPECT_THAT(Text(collector), HasSubstr(checks + "\"local_resources\"} 1\n"));
  same.reset();
  EXPECT_THAT(Text(collector), Not(HasSubstr("sluice_health_checks_total")));
}

/// A collector in which every counter that can have a series has one, so that all labels show.
std::vector<prometheus::MetricFamily> AllFamilies() {
  Collector collector("1.2.3", 1);
  WorkerMetrics worker = collector.CountersFor(Labels(), 0);
  Of(worker.routes[0].sessions_closed, Cause::kDrain).Add();
  worker.routes[0].authentications[0].Add();
  collector.CountAuthReload(true);
  collector.CountReload(true, 1);
  Of(worker.listeners[0].requests_refused, Cause::kDrain).Add();
  worker.listeners[0].tls_handshakes[0].Add();
  worker.listeners[0].proxy_headers[0].Add();
  collector.certificates().SetExpiry({"listener", "[::]:443"}, "tls/a.pem", 1);
  collector.certificates().CountReload({"listener", "[::]:443"}, true);
  const auto checks = collector.health().CountersOf("lab", "10.0.0.5:5900");
  auto families = collector.Collect();
  for (auto& family : ProcessCollector().Collect()) families.push_back(std::move(family));
  for (auto& family : BackendCollector(SomeBackends).Collect()) {
    families.push_back(std::move(family));
  }
  return families;
}

TEST(MetricsPage, NamesExactlyTheFamiliesWithTypeAndLabels) {
  std::map<std::string, std::string> expected;
  for (const auto& family : AllFamilies()) {
    ASSERT_FALSE(family.metric.empty()) << family.name;
    std::string labels;
    for (const auto& label : family.metric.front().label) {
      labels += (labels.empty() ? "`" : ", `") + label.name + "`";
    }
    expected[family.name] = TypeOf(family.type) + " | " + labels;
  }

  std::ifstream page(SourceFile("docs/metrics.md"));
  ASSERT_TRUE(page) << "docs/metrics.md cannot be read";
  std::map<std::string, std::string> documented;
  const std::regex row(R"(\| `(\w+)` \| (\w+) \| ?([^|]*?) ?\| .*)");
  std::string line;
  while (std::getline(page, line)) {
    std::smatch match;
    if (!std::regex_match(line, match, row)) continue;
    EXPECT_TRUE(documented.emplace(match[1], match[2].str() + " | " + match[3].str()).second)
        << match[1] << " has two rows";
  }
  EXPECT_EQ(documented, expected);
}

TEST(MetricsPage, QueriesUseFamiliesThatExist) {
  std::set<std::string> names;
  for (const auto& family : AllFamilies()) names.insert(family.name);
  std::ifstream page(SourceFile("docs/metrics.md"));
  std::stringstream text;
  text << page.rdbuf();
  const std::string content = text.str();
  const std::regex word(R"(\b(sluice|process)_\w+)");
  size_t found = 0;
  for (std::sregex_iterator i(content.begin(), content.end(), word), end; i != end; ++i, ++found) {
    const std::string name = std::regex_replace(i->str(), std::regex("_(bucket|sum|count)$"), "");
    EXPECT_TRUE(names.contains(name)) << i->str() << " is in docs/metrics.md but is no metric";
  }
  EXPECT_GT(found, names.size());
}

}  // namespace
}  // namespace sluice::metrics
