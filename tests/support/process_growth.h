// This says how much memory a process comes to take, as the operating system sees it.
#pragma once

#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <string>

namespace rollcall::testing {

// Under a sanitizer most of a process's memory is the sanitizer's, and says nothing.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kIsSanitized = true;
#elif defined(__has_feature)
constexpr bool kIsSanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool kIsSanitized = false;
#endif

// Says how far the process has grown since this was made, at most. Only one may exist at a time.
class ProcessGrowth {
 public:
  ProcessGrowth() {
    ::malloc_trim(0);
    std::ofstream("/proc/self/clear_refs") << "5";  // the peak begins anew
    before_ = bytes_of("VmRSS");
  }

  // Expects this, unless it is a sanitizer's build.
  void expect_at_most(std::size_t bytes_max) const {
    if (kIsSanitized) return;
    EXPECT_LE(bytes(), bytes_max) << "the process has grown by more";
  }

  std::size_t bytes() const {
    const std::size_t peak = bytes_of("VmHWM");
    return peak - std::min(peak, before_);
  }

 private:
  // Returns a line of /proc/self/status, "VmHWM:     1234 kB", in bytes.
  static std::size_t bytes_of(const std::string& name) {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with(name + ":")) return std::stoull(line.substr(name.size() + 1)) * 1024;
    }
    ADD_FAILURE() << name << " is not in /proc/self/status";
    return 0;
  }

  std::size_t before_ = 0;
};

}  // namespace rollcall::testing
