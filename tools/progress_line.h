// One line on standard error that says how far an ingest is; silent when that is no terminal.
#pragma once

#include <chrono>
#include <string>

#include "rollcall/file_source.h"

namespace rollcall::tools {

// "38%  1.2M rows  8.1M rows/s  120.0 MiB of 310.4 MiB  ETA 0:42"; without the total, no share and
// no ETA.
std::string progress_text(const IngestProgress& progress, double elapsed_s);

// Threads: one at a time.
class ProgressLine {
 public:
  ProgressLine();
  ~ProgressLine();  // wipes the line
  ProgressLine(const ProgressLine&) = delete;
  ProgressLine& operator=(const ProgressLine&) = delete;

  // Draws at most ten times a second.
  void show(const IngestProgress& progress);
  // Makes way for a line of text; the next `show` draws anew.
  void wipe();

 private:
  using Clock = std::chrono::steady_clock;
  const bool enabled_;
  const Clock::time_point begin_ = Clock::now();
  Clock::time_point drawn_at_;
  bool drawn_ = false;
};

}  // namespace rollcall::tools
