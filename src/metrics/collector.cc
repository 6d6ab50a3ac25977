// One function for each group of families; it fills its families label by label, summing over the
// workers. The families, their labels and help texts are described in docs/metrics.md, which a test
// holds to this file.
#include "sluice/metrics/collector.h"

#include <array>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <span>
#include <string_view>
#include <utility>

#include "metrics/families.h"

namespace sluice::metrics {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

/// Returns the labels whose counters are still held.
template <typename Label, typename T>
using Live = std::vector<std::pair<Label, std::shared_ptr<const std::vector<T>>>>;

MetricFamily CounterFamily(std::string name, std::string help) {
  return Family(std::move(name), std::move(help), MetricType::Counter);
}
MetricFamily GaugeFamily(std::string name, std::string help) {
  return Family(std::move(name), std::move(help), MetricType::Gauge);
}
MetricFamily HistogramFamily(std::string name, std::string help) {
  return Family(std::move(name), std::move(help), MetricType::Histogram);
}

/// Returns the labels of a cause: its reason, and its code unless that is zero, which means none.
Labels WithCause(Labels labels, std::string_view reason, uint16_t code) {
  labels.push_back({"reason", std::string(reason)});
  if (code != 0) labels.push_back({"code", std::to_string(code)});
  return labels;
}

/// The counters of all workers for one label. T is RouteMetrics, ListenerMetrics or ServerMetrics.
template <typename T>
class Entries {
 public:
  explicit Entries(const std::vector<T>& entries) : entries_(entries) {}

  /// Returns the sum of the counter that `get` selects.
  template <typename Get>
  double Sum(Get get) const {
    uint64_t sum = 0;
    for (const T& entry : entries_) sum += std::invoke(get, entry).Value();
    return static_cast<double>(sum);
  }

  template <typename Get>
  void AddHistogram(MetricFamily& family, Labels labels, Get get) const {
    ClientMetric metric;
    metric.label = std::move(labels);
    auto& out = metric.histogram;
    const auto bounds =
        entries_.empty() ? std::span<const double>() : std::invoke(get, entries_.front()).bounds();
    for (size_t i = 0; i <= bounds.size(); ++i) {
      for (const T& entry : entries_) out.sample_count += std::invoke(get, entry).CountIn(i);
      if (i < bounds.size()) out.bucket.push_back({out.sample_count, bounds[i]});
    }
    for (const T& entry : entries_) out.sample_sum += std::invoke(get, entry).Sum();
    family.metric.push_back(std::move(metric));
  }

  /// Adds a series for each cause that has been counted. `code_of` returns the code of a cause
  /// here.
  template <typename Get, typename CodeOf>
  void AddCauses(MetricFamily& family, const Labels& labels, Get get, CodeOf code_of) const {
    for (const base::CauseInfo& info : base::AllCauses()) {
      const auto index = static_cast<size_t>(info.cause);
      const double count =
          Sum([&](const T& entry) -> const Counter& { return std::invoke(get, entry)[index]; });
      if (count > 0) Add(family, WithCause(labels, info.reason, std::invoke(code_of, info)), count);
    }
  }

 private:
  const std::vector<T>& entries_;
};

/// Adds one series for each direction.
void AddDirections(MetricFamily& family, const std::string& route,
                   const Entries<RouteMetrics>& entries, Counter DirectionMetrics::*counter) {
  constexpr std::pair<Direction, const char*> kDirections[] = {
      {Direction::kToBackend, "to_backend"}, {Direction::kToClient, "to_client"}};
  for (const auto& [direction, name] : kDirections) {
    const double value =
        entries.Sum([counter, direction = direction](const RouteMetrics& m) -> const Counter& {
          return m.in(direction).*counter;
        });
    Add(family, {{"route", route}, {"direction", name}}, value);
  }
}

void MoveTo(std::vector<MetricFamily>& out, std::initializer_list<MetricFamily*> families) {
  for (MetricFamily* family : families) out.push_back(std::move(*family));
}

/// A series for each result that has been counted.
void AddAuthResults(MetricFamily& family, const std::string& route,
                    const Entries<RouteMetrics>& entries) {
  for (size_t i = 0; i < kAuthResults; ++i) {
    const double count =
        entries.Sum([i](const RouteMetrics& m) -> const Counter& { return m.authentications[i]; });
    if (count == 0) continue;
    const std::string result(ToString(static_cast<AuthResult>(i)));
    Add(family, {{"route", route}, {"result", result}}, count);
  }
}

void CollectRoutes(const Live<std::string, RouteMetrics>& routes, std::vector<MetricFamily>& out) {
  auto opened = CounterFamily("sluice_sessions_opened_total", "Sessions opened.");
  auto active = GaugeFamily("sluice_sessions_active", "Sessions open now.");
  auto closed = CounterFamily("sluice_sessions_closed_total",
                              "Sessions closed, by the reason and the close code sluice chose.");
  auto bytes = CounterFamily("sluice_payload_bytes_total", "Payload bytes taken for relaying.");
  auto messages = CounterFamily("sluice_messages_total", "WebSocket messages begun.");
  auto pauses = CounterFamily("sluice_pauses_total",
                              "Times reading one leg was paused because the other took no more.");
  auto queued = GaugeFamily("sluice_queued_bytes", "Bytes waiting for a leg that takes no more.");
  auto asked = CounterFamily("sluice_authentications_total",
                             "Clients that had to say who they are, by the result.");
  auto pings = CounterFamily("sluice_pings_sent_total", "Keep-alive pings sent to clients.");
  auto rtt = HistogramFamily("sluice_ping_rtt_seconds", "From a ping to the client's pong.");
  auto duration = HistogramFamily("sluice_session_duration_seconds",
                                  "From the opening of a session to its end.");
  for (const auto& [route, series] : routes) {
    const Labels labels = {{"route", route}};
    const Entries<RouteMetrics> entries(*series);
    Add(opened, labels, entries.Sum(&RouteMetrics::sessions_opened));
    Add(active, labels, entries.Sum(&RouteMetrics::sessions_active));
    entries.AddCauses(closed, labels, &RouteMetrics::sessions_closed, &base::CauseInfo::close_code);
    AddDirections(bytes, route, entries, &DirectionMetrics::bytes);
    AddDirections(messages, route, entries, &DirectionMetrics::messages);
    AddDirections(pauses, route, entries, &DirectionMetrics::pauses);
    AddDirections(queued, route, entries, &DirectionMetrics::queued);
    AddAuthResults(asked, route, entries);
    Add(pings, labels, entries.Sum(&RouteMetrics::pings_sent));
    entries.AddHistogram(rtt, labels, &RouteMetrics::ping_rtt);
    entries.AddHistogram(duration, labels, &RouteMetrics::session_duration);
  }
  MoveTo(out, {&opened, &active, &closed, &bytes, &messages, &pauses, &queued, &asked, &pings, &rtt,
               &duration});
}

/// A series for each result that has been counted.
template <typename Result, size_t size>
void AddResults(MetricFamily& family, const Labels& labels, const Entries<ListenerMetrics>& entries,
                std::array<Counter, size> ListenerMetrics::*counters) {
  for (size_t i = 0; i < size; ++i) {
    const double count = entries.Sum(
        [i, counters](const ListenerMetrics& m) -> const Counter& { return (m.*counters)[i]; });
    if (count == 0) continue;
    Labels with_result = labels;
    with_result.push_back({"result", std::string(ToString(static_cast<Result>(i)))});
    Add(family, std::move(with_result), count);
  }
}

void CollectListeners(const Live<std::string, ListenerMetrics>& listeners,
                      std::vector<MetricFamily>& out) {
  auto accepted = CounterFamily("sluice_connections_accepted_total", "Connections accepted.");
  auto active = GaugeFamily("sluice_connections_active", "Connections from clients open now.");
  auto errors = CounterFamily("sluice_accept_errors_total", "Failed calls of accept.");
  auto refused = CounterFamily("sluice_requests_refused_total",
                               "Requests refused, by the reason and the HTTP status.");
  auto pages = CounterFamily("sluice_pages_served_total", "Plain requests answered with a page.");
  auto handshakes =
      CounterFamily("sluice_tls_handshakes_total", "TLS handshakes with clients, by their result.");
  auto proxy_headers =
      CounterFamily("sluice_proxy_headers_total", "PROXY headers awaited, by what became of them.");
  for (const auto& [listener, series] : listeners) {
    const Labels labels = {{"listener", listener}};
    const Entries<ListenerMetrics> entries(*series);
    Add(accepted, labels, entries.Sum(&ListenerMetrics::connections_accepted));
    Add(active, labels, entries.Sum(&ListenerMetrics::connections_active));
    Add(errors, labels, entries.Sum(&ListenerMetrics::accept_errors));
    entries.AddCauses(refused, labels, &ListenerMetrics::requests_refused,
                      &base::CauseInfo::http_status);
    Add(pages, labels, entries.Sum(&ListenerMetrics::pages_served));
    AddResults<TlsResult>(handshakes, labels, entries, &ListenerMetrics::tls_handshakes);
    AddResults<ProxyHeader>(proxy_headers, labels, entries, &ListenerMetrics::proxy_headers);
  }
  MoveTo(out, {&accepted, &active, &errors, &refused, &pages, &handshakes, &proxy_headers});
}

void CollectServers(const Live<MetricsLabels::Server, ServerMetrics>& servers,
                    std::vector<MetricFamily>& out) {
  auto dials = CounterFamily("sluice_backend_dials_total", "Dials to servers, by their result.");
  auto duration = HistogramFamily("sluice_backend_dial_duration_seconds",
                                  "Duration of the dials that succeeded.");
  for (const auto& [server, series] : servers) {
    const Labels labels = {{"backend", server.backend}, {"server", server.address}};
    const Entries<ServerMetrics> entries(*series);
    Labels ok = labels;
    ok.push_back({"result", "ok"});
    Add(dials, std::move(ok), entries.Sum(&ServerMetrics::dials_succeeded));
    for (const base::CauseInfo& info : base::AllCauses()) {
      const auto index = static_cast<size_t>(info.cause);
      const double count = entries.Sum(
          [index](const ServerMetrics& m) -> const Counter& { return m.dials_failed[index]; });
      if (count == 0) continue;
      Labels failed = labels;
      failed.push_back({"result", std::string(info.reason)});
      Add(dials, std::move(failed), count);
    }
    entries.AddHistogram(duration, labels, &ServerMetrics::dial_duration);
  }
  MoveTo(out, {&dials, &duration});
}

template <typename Reloads>
void CollectReloads(const Reloads& reloads, std::vector<MetricFamily>& out) {
  auto count = CounterFamily("sluice_config_reloads_total",
                             "Reloads of the configuration, by their result.");
  Add(count, {{"result", "ok"}}, static_cast<double>(reloads.ok));
  Add(count, {{"result", "failed"}}, static_cast<double>(reloads.failed));
  auto is_ok = GaugeFamily("sluice_config_last_reload_successful",
                           "1 if the last reload of the configuration succeeded.");
  Add(is_ok, {}, reloads.is_last_ok ? 1 : 0);
  auto time = GaugeFamily("sluice_config_last_reload_success_timestamp_seconds",
                          "Time of the last successful reload, in seconds since 1970.");
  Add(time, {}, static_cast<double>(reloads.last_ok));
  MoveTo(out, {&count, &is_ok, &time});
}

template <typename Label, typename T>
Live<Label, T> LiveOf(const std::vector<std::pair<Label, std::weak_ptr<std::vector<T>>>>& known) {
  Live<Label, T> live;
  for (const auto& [label, series] : known) {
    if (auto held = series.lock()) live.emplace_back(label, std::move(held));
  }
  return live;
}

}  // namespace

template <typename Label, typename T>
Shards<T> Collector::ShardsFor(Labelled<Label, T>& known, const std::vector<Label>& labels,
                               size_t worker) {
  std::map<Label, std::shared_ptr<Series<T>>> live;
  std::erase_if(known, [&live](const auto& entry) {
    auto held = entry.second.lock();
    if (!held) return true;
    live.emplace(entry.first, std::move(held));
    return false;
  });
  std::vector<std::shared_ptr<T>> entries;
  for (const Label& label : labels) {
    auto& series = live[label];
    if (!series) {
      series = std::make_shared<Series<T>>(workers_);
      known.emplace_back(label, series);
    }
    entries.emplace_back(series, &(*series)[worker]);
  }
  return Shards<T>(std::move(entries));
}

WorkerMetrics Collector::CountersFor(const MetricsLabels& labels, size_t worker) {
  const std::lock_guard lock(mutex_);
  return {ShardsFor(routes_, labels.routes, worker),
          ShardsFor(listeners_, labels.listeners, worker),
          ShardsFor(servers_, labels.servers, worker)};
}

void Collector::CountReload(bool is_ok, int64_t time) {
  const std::lock_guard lock(mutex_);
  ++(is_ok ? reloads_.ok : reloads_.failed);
  reloads_.is_last_ok = is_ok;
  if (is_ok) reloads_.last_ok = time;
}

std::vector<MetricFamily> Collector::Collect() const {
  std::vector<MetricFamily> families;
  auto build = GaugeFamily("sluice_build_info", "The version of sluice; the value is always 1.");
  Add(build, {{"version", version_}}, 1);
  auto workers = GaugeFamily("sluice_workers", "Worker threads.");
  Add(workers, {}, static_cast<double>(workers_));
  MoveTo(families, {&build, &workers});
  {
    const std::lock_guard lock(mutex_);
    CollectRoutes(LiveOf(routes_), families);
    CollectListeners(LiveOf(listeners_), families);
    CollectServers(LiveOf(servers_), families);
    if (reloads_.ok + reloads_.failed != 0) CollectReloads(reloads_, families);
  }
  certificates_.AddTo(families);
  health_.AddTo(families);
  if (auth_reloads_ + auth_reloads_failed_ != 0) {
    auto reloads = CounterFamily("sluice_auth_reloads_total",
                                 "Reloads of changed files of auth, by their result.");
    Add(reloads, {{"result", "ok"}}, static_cast<double>(auth_reloads_));
    Add(reloads, {{"result", "failed"}}, static_cast<double>(auth_reloads_failed_));
    MoveTo(families, {&reloads});
  }
  return families;
}

}  // namespace sluice::metrics
