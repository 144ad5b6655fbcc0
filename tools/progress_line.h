// This is one line on standard error that says how far long work is; it is silent if that is no
// terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "rollcall/file_source.h"

namespace rollcall::tools {

// Returns "38%  1.2M rows  8.1M rows/s  120.0 MiB of 310.4 MiB  ETA 0:42"; without the total, there
// is no share and no ETA.
std::string progress_text(const IngestProgress& progress, double elapsed_s);

// Returns "38%  ETA 0:42"; `all` must not be 0.
std::string progress_text(std::uint64_t done, std::uint64_t all, double elapsed_s);

// One thread may use it at a time.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();  // wipes the line
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Both draw at most ten times a second.
  void show(const IngestProgress& progress);
  void show(std::uint64_t done, std::uint64_t all);
  // Makes way for a line of text; the next `show` draws anew.
  void wipe();

 private:
  using Clock = std::chrono::steady_clock;
  bool due() const;
  double elapsed_s() const;
  void draw(std::string text);

  const bool enabled_;
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point drawn_at_;
  bool drawn_ = false;
};

}  // namespace rollcall::tools
