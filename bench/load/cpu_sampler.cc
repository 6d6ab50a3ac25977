#include "load/cpu_sampler.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <iterator>
#include <map>
#include <optional>
#include <string>

#include <dirent.h>
#include <unistd.h>

namespace sluice::bench {
namespace {

struct Stat {
  pid_t parent = 0;
  int64_t user_ticks = 0;
  int64_t system_ticks = 0;
  int64_t ended_user_ticks = 0;  // Of children that have been waited for.
  int64_t ended_system_ticks = 0;
};

std::optional<Stat> ReadStat(pid_t pid) {
  const std::string path = "/proc/" + std::to_string(pid) + "/stat";
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (file == nullptr) return std::nullopt;
  char text[1024];
  const size_t size = std::fread(text, 1, sizeof(text) - 1, file);
  std::fclose(file);
  text[size] = '\0';
  // The name in parentheses may hold anything, parentheses too.
  const size_t name_end = std::string_view(text, size).rfind(')');
  if (name_end == std::string_view::npos) return std::nullopt;
  Stat stat;
  long user, system, ended_user, ended_system;
  if (std::sscanf(text + name_end + 1,
                  " %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld %ld %ld", &stat.parent,
                  &user, &system, &ended_user, &ended_system) != 5) {
    return std::nullopt;
  }
  stat.user_ticks = user;
  stat.system_ticks = system;
  stat.ended_user_ticks = ended_user;
  stat.ended_system_ticks = ended_system;
  return stat;
}

int64_t RunTime(pid_t pid) {
  clockid_t clock;
  timespec time;
  if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &time) != 0) return 0;
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

bool CpuSampler::FindProcesses() {
  std::multimap<pid_t, pid_t> children;
  if (DIR* proc = opendir("/proc")) {
    while (const dirent* entry = readdir(proc)) {
      const auto pid = static_cast<pid_t>(std::atoi(entry->d_name));
      if (pid == 0) continue;
      if (const auto stat = ReadStat(pid)) children.emplace(stat->parent, pid);
    }
    closedir(proc);
  }
  processes_ = roots_;
  for (size_t i = 0; i < processes_.size(); ++i) {
    const auto [begin, end] = children.equal_range(processes_[i]);
    for (auto child = begin; child != end; ++child) {
      if (std::find(processes_.begin(), processes_.end(), child->second) == processes_.end()) {
        processes_.push_back(child->second);
      }
    }
  }
  return std::all_of(roots_.begin(), roots_.end(), [](pid_t pid) { return ReadStat(pid); });
}

CpuTime CpuSampler::Sample() const {
  return Sum(processes_);
}

CpuTime CpuSampler::SampleNewcomers() {
  const std::vector<pid_t> known = processes_;
  FindProcesses();
  std::vector<pid_t> newcomers;
  std::copy_if(processes_.begin(), processes_.end(), std::back_inserter(newcomers), [&](pid_t pid) {
    return std::find(known.begin(), known.end(), pid) == known.end();
  });
  return Sum(newcomers);
}

CpuTime CpuSampler::Sum(const std::vector<pid_t>& processes) {
  const int64_t tick_ns = 1'000'000'000 / sysconf(_SC_CLK_TCK);
  CpuTime sum;
  for (const pid_t pid : processes) {
    sum.total_ns += RunTime(pid);
    const auto stat = ReadStat(pid);
    if (!stat) continue;
    sum.total_ns += (stat->ended_user_ticks + stat->ended_system_ticks) * tick_ns;
    sum.user_ns += (stat->user_ticks + stat->ended_user_ticks) * tick_ns;
    sum.system_ns += (stat->system_ticks + stat->ended_system_ticks) * tick_ns;
  }
  return sum;
}

}  // namespace sluice::bench
