#include "base/cpu.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#if defined(__x86_64__) || defined(_M_X64)
#define KERAUNOS_X86 1
#if defined(_MSC_VER)
#include <intrin.h>
#else
#include <cpuid.h>
#endif
#endif

namespace keraunos {
namespace {

#if defined(KERAUNOS_X86)

struct CpuidLeaf {
  unsigned a = 0, b = 0, c = 0, d = 0;
};

CpuidLeaf cpuid(unsigned leaf, unsigned subleaf = 0) {
  CpuidLeaf r;
#if defined(_MSC_VER)
  int words[4];
  __cpuidex(words, static_cast<int>(leaf), static_cast<int>(subleaf));
  r = {unsigned(words[0]), unsigned(words[1]), unsigned(words[2]), unsigned(words[3])};
#else
  __cpuid_count(leaf, subleaf, r.a, r.b, r.c, r.d);
#endif
  return r;
}

// Register sets that the operating system saves.
unsigned long long saved_state() {
#if defined(_MSC_VER)
  return _xgetbv(0);
#else
  unsigned low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return (static_cast<unsigned long long>(high) << 32) | low;
#endif
}

bool has(unsigned word, int bit) { return (word >> bit) & 1U; }

// Linux lets a process use the tiles of AMX once it has asked. Other systems are not known here.
bool may_use_tiles() {
#if defined(__linux__) && defined(SYS_arch_prctl)
  constexpr int kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

CpuLevel detect() {
  if (cpuid(0).a < 7) return CpuLevel::kBaseline;
  const CpuidLeaf one = cpuid(1);
  const CpuidLeaf seven = cpuid(7);
  if (!has(one.c, 27)) return CpuLevel::kBaseline;  // OSXSAVE
  const unsigned long long state = saved_state();
  const bool avx2 = (state & 0x6) == 0x6 && has(one.c, 12) /* FMA */ && has(one.c, 28) /* AVX */ &&
                    has(one.c, 29) /* F16C */ && has(seven.b, 5) /* AVX2 */;
  if (!avx2) return CpuLevel::kBaseline;
  const bool avx512 = (state & 0xe6) == 0xe6 && has(seven.b, 16) /* F */ && has(seven.b, 17) /* DQ */ &&
                      has(seven.b, 30) /* BW */ && has(seven.b, 31) /* VL */;
  if (!avx512) return CpuLevel::kAvx2;
  const bool amx = (state & 0x60000) == 0x60000 && has(seven.d, 22) /* AMX-BF16 */ && has(seven.d, 24) /* AMX-TILE */ &&
                   has(cpuid(7, 1).a, 5) /* AVX512-BF16 */;
  return amx ? CpuLevel::kAmx : CpuLevel::kAvx512;
}

CpuLevel choose() {
  const CpuLevel found = detect();
  const char* text = std::getenv("KERAUNOS_CPU_LEVEL");
  const std::string wanted = text != nullptr ? text : "";
  const CpuLevel most = wanted == "baseline" ? CpuLevel::kBaseline : wanted == "avx2" ? CpuLevel::kAvx2 : wanted == "avx512" ? CpuLevel::kAvx512 : CpuLevel::kAmx;
  const CpuLevel level = std::min(found, most);
  return level == CpuLevel::kAmx && !may_use_tiles() ? CpuLevel::kAvx512 : level;
}

#elif defined(__aarch64__) || defined(_M_ARM64)
CpuLevel choose() { return CpuLevel::kNeon; }
#else
CpuLevel choose() { return CpuLevel::kBaseline; }
#endif

#if defined(__linux__)

int by_quota(double quota, double period) {
  if (quota <= 0 || period <= 0) return 1 << 20;
  return std::max(1, static_cast<int>(std::ceil(quota / period)));
}

int read_v2_limit(const std::string& folder) {
  std::ifstream file(folder + "/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max") return 1 << 20;
  return by_quota(std::atof(quota.c_str()), period);
}

int read_v1_limit(const std::string& folder) {
  std::ifstream quota_file(folder + "/cpu.cfs_quota_us"), period_file(folder + "/cpu.cfs_period_us");
  double quota = 0, period = 0;
  if (!(quota_file >> quota) || !(period_file >> period)) return 1 << 20;
  return by_quota(quota, period);
}

// The limit of a group holds for its children, so every ancestor counts.
template <class ReadLimit>
int lowest_on_path(const std::string& root, std::string path, ReadLimit read_limit) {
  int lowest = read_limit(root);
  while (!path.empty() && path != "/") {
    lowest = std::min(lowest, read_limit(root + path));
    const std::size_t slash = path.rfind('/');
    if (slash == std::string::npos) break;
    path.resize(slash);
  }
  return lowest;
}

int cgroup_limit() {
  int lowest = 1 << 20;
  std::ifstream file("/proc/self/cgroup");
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t first = line.find(':');
    const std::size_t second = first == std::string::npos ? first : line.find(':', first + 1);
    if (second == std::string::npos) continue;
    const std::string controllers = "," + line.substr(first + 1, second - first - 1) + ",";
    const std::string path = line.substr(second + 1);
    if (controllers == ",,") {
      lowest = std::min(lowest, lowest_on_path("/sys/fs/cgroup", path, read_v2_limit));
    } else if (controllers.find(",cpu,") != std::string::npos) {
      lowest = std::min(lowest, lowest_on_path("/sys/fs/cgroup/cpu", path, read_v1_limit));
    }
  }
  return lowest;
}

int affinity_limit() {
  // Machines with more processors than cpu_set_t holds need a larger set.
  for (int size = 1024; size <= 65536; size *= 4) {
    cpu_set_t* set = CPU_ALLOC(size);
    if (set == nullptr) break;
    const std::size_t bytes = CPU_ALLOC_SIZE(size);
    const int count = sched_getaffinity(0, bytes, set) == 0 ? CPU_COUNT_S(bytes, set) : 0;
    CPU_FREE(set);
    if (count > 0) return count;
  }
  return static_cast<int>(std::thread::hardware_concurrency());
}

#endif

}  // namespace

CpuLevel cpu_family() {
  static const CpuLevel level = choose();
  return level;
}

int available_processors() {
#if defined(__linux__)
  const int count = std::min(affinity_limit(), cgroup_limit());
#else
  const int count = static_cast<int>(std::thread::hardware_concurrency());
#endif
  return std::max(1, count);
}

}  // namespace keraunos
