#include "bench/machine.h"

#include <fmt/format.h>
#include <malloc.h>
#include <oneapi/tbb/version.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <string_view>
#include <thread>

#include "kernels/kernel_table.h"

namespace rollcall::bench {
namespace {

// Returns what follows `label` and blanks on the first line of `path` that begins with it.
std::string line_after(const char* path, std::string_view label) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(label)) continue;
    const std::size_t value = line.find_first_not_of(" \t:", label.size());
    return value == std::string::npos ? "" : line.substr(value);
  }
  return "";
}

std::string first_line(const char* path) { return line_after(path, ""); }

std::uint64_t status_bytes(std::string_view label) {
  const std::string kibibytes = line_after("/proc/self/status", label);
  return kibibytes.empty() ? 0 : std::stoull(kibibytes) * 1024;
}

std::string isa_list() {
  std::string list;
  for (const kernels::KernelTable* const table : kernels::runnable_tables()) {
    list += (list.empty() ? "" : " ") + std::string(table->isa);
  }
  return list;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> machine_facts() {
  utsname system{};
  uname(&system);
  const char* const compiler =
#if defined(__clang__)
      "clang " __clang_version__;
#else
      "gcc " __VERSION__;
#endif
  const auto cache = [](int name) { return fmt::format("{} KiB", sysconf(name) / 1024); };
  std::vector<std::pair<std::string, std::string>> facts = {
      {"processor", line_after("/proc/cpuinfo", "model name")},
      {"processors", std::to_string(std::thread::hardware_concurrency())},
      {"L1d", cache(_SC_LEVEL1_DCACHE_SIZE)},
      {"L2", cache(_SC_LEVEL2_CACHE_SIZE)},
      {"L3", cache(_SC_LEVEL3_CACHE_SIZE)},
      {"memory", line_after("/proc/meminfo", "MemTotal")},
      {"huge pages", first_line("/sys/kernel/mm/transparent_hugepage/enabled")},
      {"kernel", fmt::format("{} {}", system.sysname, system.release)},
      {"load", first_line("/proc/loadavg")},
      {"compiler", compiler},
      {"tbb", fmt::format("{}.{}", TBB_VERSION_MAJOR, TBB_VERSION_MINOR)},
      {"instruction sets", isa_list()},
      {"flags", line_after("/proc/cpuinfo", "flags")},
  };
#ifndef NDEBUG
  facts.emplace_back("assertions", "on");
#endif
  return facts;
}

std::uint64_t peak_resident_bytes() { return status_bytes("VmHWM"); }
std::uint64_t resident_bytes() { return status_bytes("VmRSS"); }
void reset_peak_resident() {
  malloc_trim(0);
  std::ofstream("/proc/self/clear_refs") << '5';
}

double memory_read_bandwidth() {
  constexpr std::size_t kWords = std::size_t{64} << 20 >> 3;
  constexpr int kPasses = 8;
  const std::vector<std::uint64_t> words(kWords, 1);
  double best = 0;
  for (int pass = 0; pass < kPasses; ++pass) {
    const auto begin = std::chrono::steady_clock::now();
    const std::uint64_t count = kernels::active_table()->count(words.data(), words.size());
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
    if (count != kWords) return 0;
    best = std::max(best, static_cast<double>(kWords * sizeof(std::uint64_t)) / seconds.count());
  }
  return best;
}

}  // namespace rollcall::bench
