// ProcessCollector: this process's own numbers, and a made-up /proc for the exact arithmetic.
#include "sluice/metrics/process.h"

#include <chrono>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

namespace sluice::metrics {
namespace {

std::map<std::string, std::optional<double>> Values(const ProcessCollector& collector) {
  std::map<std::string, std::optional<double>> values;
  for (const auto& family : collector.Collect()) {
    auto& value = values[family.name];
    if (family.metric.empty()) continue;
    const auto& metric = family.metric.front();
    value =
        family.type == prometheus::MetricType::Gauge ? metric.gauge.value : metric.counter.value;
  }
  return values;
}

class FakeProc {
 public:
  FakeProc() {
    std::string pattern = testing::TempDir() + "sluice_proc_XXXXXX";
    path_ = mkdtemp(pattern.data());
    std::filesystem::create_directories(path_ + "/self/fd");
  }
  ~FakeProc() { std::filesystem::remove_all(path_); }
  FakeProc(const FakeProc&) = delete;
  FakeProc& operator=(const FakeProc&) = delete;

  void Write(const std::string& name, const std::string& text) const {
    std::ofstream(path_ + '/' + name) << text;
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

TEST(ProcessCollector, KnowsThisProcess) {
  const auto values = Values(ProcessCollector());
  ASSERT_EQ(values.size(), 6U);
  for (const auto& [name, value] : values) EXPECT_TRUE(value) << name;
  EXPECT_GT(*values.at("process_resident_memory_bytes"), 100'000);
  EXPECT_GE(*values.at("process_virtual_memory_bytes"),
            *values.at("process_resident_memory_bytes"));
  EXPECT_GE(*values.at("process_open_fds"), 1);
  EXPECT_GE(*values.at("process_max_fds"), *values.at("process_open_fds"));
  const auto now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch());
  EXPECT_LE(*values.at("process_start_time_seconds"), now.count() + 2);
  EXPECT_GT(*values.at("process_start_time_seconds"), now.count() - 86'400);
}

TEST(ProcessCollector, ReadsProc) {
  const FakeProc proc;
  // The name of the program is as unkind as it can be.
  proc.Write("self/stat",
             "42 (a) R 1 (b) S 1 42 42 0 -1 4194560 900 0 0 0 150 50 0 0 20 0 3 0 1000 8192000 25 "
             "18446744073709551615 1 1 0 0 0 0 0 4096 0 0 0 0 17 1 0 0 0 0 0\n");
  proc.Write("stat", "cpu  1 2 3\nbtime 1700000000\nprocesses 5\n");
  proc.Write("self/limits",
             "Limit                     Soft Limit           Hard Limit           Units\n"
             "Max processes             7823                 7823                 processes\n"
             "Max open files            1024                 524288               files\n");
  proc.Write("self/fd/0", "");
  proc.Write("self/fd/7", "");

  const auto values = Values(ProcessCollector(proc.path()));
  const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
  EXPECT_EQ(values.at("process_cpu_seconds_total"), 200 / ticks);
  EXPECT_EQ(values.at("process_virtual_memory_bytes"), 8'192'000);
  EXPECT_EQ(values.at("process_resident_memory_bytes"),
            25 * static_cast<double>(sysconf(_SC_PAGESIZE)));
  EXPECT_EQ(values.at("process_start_time_seconds"), 1'700'000'000 + 1000 / ticks);
  EXPECT_EQ(values.at("process_open_fds"), 2);
  EXPECT_EQ(values.at("process_max_fds"), 1024);
}

TEST(ProcessCollector, WhatCannotBeReadHasNoValue) {
  const FakeProc proc;
  proc.Write("self/stat", "42 (sluice) S 1 42");
  proc.Write("self/limits", "Max open files            unlimited            unlimited\n");
  for (const auto& [name, value] : Values(ProcessCollector(proc.path()))) {
    EXPECT_EQ(value.has_value(), name == "process_open_fds") << name;
  }
  for (const auto& [name, value] : Values(ProcessCollector(proc.path() + "/none"))) {
    EXPECT_FALSE(value) << name;
  }
}

}  // namespace
}  // namespace sluice::metrics
