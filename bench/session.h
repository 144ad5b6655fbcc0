// All groups of measurements share a session: the options, the workload and its truth, the report.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "bench/recount.h"
#include "bench/report.h"
#include "bench/workload_w.h"
#include "rollcall/engine.h"
#include "rollcall/status.h"

namespace rollcall::bench {

struct SessionOptions {
  WorkloadWOptions workload;
  unsigned threads = 0;           // the most that are measured; 0: one per processor
  std::uint32_t partitions = 64;  // of the stores
  std::size_t batch_rows = std::size_t{4} << 20;
  std::size_t round_rows = std::size_t{64} << 20;  // of the workload held at once
  int repeat = 3;
  bool in_memory = false;  // leave out what ingest takes with a store on disk
  // These ids are for ingest; other measures take dense ones.
  std::vector<IdKind> ids = {IdKind::kDense, IdKind::kScattered, IdKind::kString};
  bool quick = false;     // for tests: as little of everything as gives a number
  std::string directory;  // an existing folder for stores and files
};

// Says that a benchmark's answer was wrong, or that it could not be run.
class BenchError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

inline void must(const Status& status) {
  if (!status.ok()) throw BenchError(status.to_string());
}
template <class T>
T must(Result<T> result) {
  must(result.status());
  return *std::move(result);
}
template <class T>
void must_equal(const std::string& what, const T& found, const T& expected) {
  if (found != expected) throw BenchError("wrong answer: " + what);
}
void must_equal(const std::string& what, std::uint64_t found, std::uint64_t expected);

// Returns the seconds that `work` takes.
template <class Work>
double seconds_of(Work work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

class Session {
 public:
  Session(SessionOptions options, bool progress);

  const SessionOptions& options() const { return options_; }
  Report& report() { return report_; }
  // Returns 1, and the most threads.
  std::vector<unsigned> thread_counts() const;

  // Returns the workload, round by round. A round is made when it is asked for, unless it was the
  // last one asked for, and is valid until the next call.
  std::size_t round_count() const;
  const WorkloadColumns& round(IdKind ids, std::size_t number);
  // Is made at the first call.
  const Recount& truth();

  // Return settings of stores, and engine options for `threads`, without a limit on memory.
  StoreSettings settings(IdKind ids) const;
  EngineOptions engine_options(IdKind ids, unsigned threads) const;
  // Ingests the whole workload, and returns the seconds that the engine took for it.
  double ingest(Engine& engine, IdKind ids);
  // Does so with dense ids, and with the two properties that an event has besides.
  double ingest_with_properties(Engine& engine);
  // Does so with dense ids, in batches of so many rows. Returns the milliseconds of each.
  std::vector<double> ingest_ms(Engine& engine, std::size_t batch_rows);
  // Throws BenchError if events, users or daily users are not the workload's.
  void check(const Engine& engine) { check(engine, truth()); }
  static void check(const Engine& engine, const Recount& truth);

 private:
  SessionOptions options_;
  Report report_;
  WorkloadW workload_;
  std::unique_ptr<Recount> truth_;
  std::unique_ptr<WorkloadColumns> columns_;
  std::size_t round_ = 0;
};

}  // namespace rollcall::bench
