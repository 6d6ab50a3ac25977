#include "sluice/metrics/process.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string_view>
#include <system_error>

#include <unistd.h>

namespace sluice::metrics {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

std::string ReadFile(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::optional<double> ParseNumber(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string> SplitWords(std::string_view text) {
  std::istringstream stream{std::string(text)};
  return {std::istream_iterator<std::string>(stream), {}};
}

/// Returns the line of `text` that begins with `prefix`, without the prefix.
std::string_view LineAfter(std::string_view text, std::string_view prefix) {
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    const std::string_view line = text.substr(begin, end - begin);
    if (line.starts_with(prefix)) return line.substr(prefix.size());
    begin = end + 1;
  }
  return {};
}

std::optional<double> FirstNumber(std::string_view text) {
  const auto words = SplitWords(text);
  return words.empty() ? std::nullopt : ParseNumber(words.front());
}

/// /proc/self/stat, whose fields proc(5) numbers from 1.
class Stat {
 public:
  explicit Stat(const std::string& text) {
    // Field 2 is the program's name in parentheses and may hold any character.
    const auto name_end = text.rfind(')');
    if (name_end != std::string::npos)
      words_ = SplitWords(std::string_view(text).substr(name_end + 1));
  }

  std::optional<double> Field(size_t number) const {
    constexpr size_t kFirst = 3;
    if (number - kFirst >= words_.size()) return std::nullopt;
    return ParseNumber(words_[number - kFirst]);
  }

 private:
  std::vector<std::string> words_;
};

constexpr size_t kUserTicks = 14;
constexpr size_t kSystemTicks = 15;
constexpr size_t kStartTicks = 22;
constexpr size_t kVirtualBytes = 23;
constexpr size_t kResidentPages = 24;

std::optional<double> CountEntries(const std::string& directory) {
  std::error_code error;
  double count = 0;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
  if (error) return std::nullopt;
  return count;
}

MetricFamily Family(std::string name, std::string help, MetricType type,
                    std::optional<double> value) {
  MetricFamily family{.name = std::move(name), .help = std::move(help), .type = type, .metric = {}};
  if (value) {
    prometheus::ClientMetric metric;
    (type == MetricType::Gauge ? metric.gauge.value : metric.counter.value) = *value;
    family.metric.push_back(std::move(metric));
  }
  return family;
}

}  // namespace

std::vector<MetricFamily> ProcessCollector::Collect() const {
  const Stat stat(ReadFile(proc_ + "/self/stat"));
  const auto ticks_a_second = static_cast<double>(sysconf(_SC_CLK_TCK));
  const auto page_size = static_cast<double>(sysconf(_SC_PAGESIZE));

  std::optional<double> cpu;
  if (const auto user = stat.Field(kUserTicks), system = stat.Field(kSystemTicks); user && system) {
    cpu = (*user + *system) / ticks_a_second;
  }
  std::optional<double> resident;
  if (const auto pages = stat.Field(kResidentPages)) resident = *pages * page_size;
  std::optional<double> start;
  const auto boot = FirstNumber(LineAfter(ReadFile(proc_ + "/stat"), "btime "));
  if (const auto ticks = stat.Field(kStartTicks); ticks && boot) {
    start = *boot + *ticks / ticks_a_second;
  }
  // The soft limit is first; `unlimited` has no value.
  const auto max_fds = FirstNumber(LineAfter(ReadFile(proc_ + "/self/limits"), "Max open files"));

  constexpr auto kCounter = MetricType::Counter;
  constexpr auto kGauge = MetricType::Gauge;
  return {
      Family("process_cpu_seconds_total", "User and system CPU time spent.", kCounter, cpu),
      Family("process_resident_memory_bytes", "Resident memory.", kGauge, resident),
      Family("process_virtual_memory_bytes", "Virtual memory.", kGauge, stat.Field(kVirtualBytes)),
      Family("process_open_fds", "Open file descriptors.", kGauge,
             CountEntries(proc_ + "/self/fd")),
      Family("process_max_fds", "Largest number of open file descriptors.", kGauge, max_fds),
      Family("process_start_time_seconds", "Start of the process since the epoch.", kGauge, start),
  };
}

}  // namespace sluice::metrics
