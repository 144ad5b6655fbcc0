// These are the tables of rollcall and its rivals.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "bench/report.h"

namespace rollcall::bench {

// Is a line of the table.
struct RivalResult {
  std::string name;
  unsigned threads = 1;
  bool on_disk = false;
  std::string settings;
  std::string absent;  // why, when it is
  std::uint64_t events = 0;
  std::vector<double> load_seconds;
  double seal_seconds = 0;
  std::optional<std::uint64_t> bytes;
  std::map<std::string, std::vector<double>> answer_ms;  // by question; those it was asked

  // Is "clickhouse/raw/threads:2/disk".
  std::string full_name() const;
};

// Is a table: questions, and the one of rollcall's results that others are compared with.
struct ComparisonPart {
  std::string rollcall;  // "rollcall/history"
  std::vector<std::string> questions;
};

// Shows for each part the rivals that answer one of its questions, in lines, then how many times
// longer each takes than rollcall with as many threads, in the same place; then settings, and
// prominently who is absent.
std::string comparison_text(const std::vector<RivalResult>& results,
                            const std::vector<ComparisonPart>& parts);

// Returns the same as measurements: "rival/croaring/threads:1/memory/ingest" and so on.
void add_measurements(const RivalResult& result, Report& report);

}  // namespace rollcall::bench
