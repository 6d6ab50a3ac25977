#include "sluice/server/cpu_count.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sched.h>

namespace sluice::server {
namespace {

/// A directory with the files of /proc and /sys that the test writes. The process is set to use one
/// CPU or all of them, so that the quota and the affinity can be told apart.
class CpuCountTest : public ::testing::Test {
 protected:
  CpuCountTest() {
    std::string name = ::testing::TempDir() + "sluiceXXXXXX";
    root = mkdtemp(name.data());
    cpu_set_t set;
    CPU_ZERO(&set);
    EXPECT_EQ(sched_getaffinity(0, sizeof(set), &set), 0);
    cpus = static_cast<unsigned>(CPU_COUNT(&set));
  }
  ~CpuCountTest() override { std::filesystem::remove_all(root); }

  void Write(const std::string& file, std::string_view text) {
    const std::filesystem::path path = root + file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  /// What a quota of so many hundredths of a CPU amounts to here.
  unsigned Expected(unsigned hundredths) const {
    return std::max(1u, std::min(cpus, (hundredths + 99) / 100));
  }

  std::string root;
  unsigned cpus = 0;
};

TEST_F(CpuCountTest, TheAffinityAloneWithoutAnyFile) {
  EXPECT_EQ(UsableCpus(root), cpus);
}

TEST_F(CpuCountTest, Version2) {
  Write("/proc/self/cgroup", "0::/app\n");
  const std::string file = "/sys/fs/cgroup/app/cpu.max";
  for (const unsigned hundredths : {1u, 50u, 100u, 101u, 150u, 200u, 100'000u}) {
    Write(file, std::to_string(hundredths * 1000) + " 100000\n");
    EXPECT_EQ(UsableCpus(root), Expected(hundredths)) << hundredths;
  }
  Write(file, "max 100000\n");
  EXPECT_EQ(UsableCpus(root), cpus);
  Write(file, "1000 0\n");
  EXPECT_EQ(UsableCpus(root), cpus) << "a period of nothing is no quota";
  Write(file, "nonsense\n");
  EXPECT_EQ(UsableCpus(root), cpus);
}

TEST_F(CpuCountTest, AncestorsBindToo) {
  Write("/proc/self/cgroup", "0::/pod/app/process\n");
  Write("/sys/fs/cgroup/pod/app/process/cpu.max", "max 100000\n");
  Write("/sys/fs/cgroup/pod/cpu.max", "100000 100000\n");
  EXPECT_EQ(UsableCpus(root), 1u);
}

TEST_F(CpuCountTest, InsideAContainerTheRootIsTheGroup) {
  Write("/proc/self/cgroup", "0::/\n");
  Write("/sys/fs/cgroup/cpu.max", "50000 100000\n");
  EXPECT_EQ(UsableCpus(root), 1u);
}

TEST_F(CpuCountTest, Version1) {
  Write("/proc/self/cgroup", "5:memory:/m\n4:cpu,cpuacct:/app\n3:cpuset:/s\n");
  Write("/sys/fs/cgroup/cpu/app/cpu.cfs_quota_us", "100000\n");
  Write("/sys/fs/cgroup/cpu/app/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(UsableCpus(root), 1u);
  Write("/sys/fs/cgroup/cpu/app/cpu.cfs_quota_us", "-1\n");
  EXPECT_EQ(UsableCpus(root), cpus);
  // A container sees the path of its host, and its own group at the mount.
  Write("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "20000\n");
  Write("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(UsableCpus(root), 1u);
}

TEST_F(CpuCountTest, LinesThatAreNone) {
  Write("/proc/self/cgroup", "\n:\nnonsense\n0::/app\n");
  Write("/sys/fs/cgroup/app/cpu.max", "100000 100000");
  EXPECT_EQ(UsableCpus(root), 1u);
}

TEST_F(CpuCountTest, TheAffinityOfThisProcess) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof(before), &before), 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(cpu, &before)) {
      CPU_SET(cpu, &one);
      break;
    }
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof(one), &one), 0);
  EXPECT_EQ(UsableCpus(root), 1u);
  ASSERT_EQ(sched_setaffinity(0, sizeof(before), &before), 0);
}

TEST_F(CpuCountTest, OnThisMachine) {
  EXPECT_GE(UsableCpus(), 1u);
  EXPECT_LE(UsableCpus(), cpus);
}

}  // namespace
}  // namespace sluice::server
