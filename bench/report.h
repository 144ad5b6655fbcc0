// A report has what was measured, and shows it as a line of progress, a table, or a JSON file.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace rollcall::bench {

enum class Better { kHigher, kLower, kNeither };

struct Measurement {
  std::string name;  // "ingest/dense/threads:2/memory"
  std::string unit;  // "events/s", "ms", "bytes", "ratio", ...
  Better better = Better::kHigher;
  std::vector<double> runs;  // at least one
  // Says what the numbers are true of, for the reader: {"floor", "dense, row by row"}.
  std::vector<std::pair<std::string, std::string>> params;

  double best() const;    // of the runs; the first of them when none is better
  double median() const;  // of the runs
};

class Report {
 public:
  // If `progress` is set, what is going on is drawn on standard error.
  explicit Report(bool progress) : progress_(progress) {}
  ~Report() { wipe(); }
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  // Says what is being done now.
  void now(std::string_view what);
  void add(Measurement measurement);

  // Returns the measurements as a table, with the groups (what their names begin with) apart.
  std::string table() const;
  // Writes them together with the facts of `machine`.
  std::string json(const std::vector<std::pair<std::string, std::string>>& machine) const;
  const std::vector<Measurement>& measurements() const { return measurements_; }
  // Makes way for other lines.
  void wipe();

 private:
  using Clock = std::chrono::steady_clock;
  bool progress_;
  bool drawn_ = false;
  Clock::time_point begin_ = Clock::now();
  std::vector<Measurement> measurements_;
};

}  // namespace rollcall::bench
