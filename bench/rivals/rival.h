// What is measured beside rollcall: takes the same events, is asked the same questions.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/rivals/rival_questions.h"
#include "bench/session.h"

namespace rollcall::bench {

// A rival that is not installed; says what is missing.
class RivalAbsent : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Answer {
  Counts counts;
  double seconds = 0;  // what the rival took, without the way to it
};

// Times are the rival's own work: files to read from are made before the clock starts.
// Threads: one at a time. Errors: BenchError.
class Rival {
 public:
  virtual ~Rival() = default;

  // Version and settings, for the reader.
  virtual std::string settings() const = 0;
  // Takes every row of the workload, dense ids; called once. Returns seconds.
  virtual double load(Session& session) = 0;
  // Then derives what makes answers fast and is not kept while events come in. Returns seconds.
  virtual double seal() = 0;
  // Of what it keeps after that, as `settings` says; unset when it cannot tell.
  virtual std::optional<std::uint64_t> bytes() = 0;
  // Unset when the question is not one for this rival.
  virtual std::optional<Answer> ask(const RivalQuestion& question) = 0;
};

// A rival to be made.
struct RivalEntry {
  std::string name;  // "clickhouse/raw"
  unsigned threads = 1;
  bool on_disk = false;
  std::uint64_t events_max = 0;  // it is given a smaller workload, when it is slow; 0: no limit
  // Throws RivalAbsent. Threads, folder and workload are the session's.
  std::function<std::unique_ptr<Rival>(const Session& session)> make;
};

// Of each file, its rivals; `threads` is the most that one may use.
std::vector<RivalEntry> rollcall_entries(unsigned threads);
std::vector<RivalEntry> croaring_entries();
std::vector<RivalEntry> clickhouse_entries(unsigned threads);
std::vector<RivalEntry> duckdb_entries(unsigned threads);
std::vector<RivalEntry> redis_entries();
std::vector<RivalEntry> rocksdb_entries(std::uint64_t events_max);

}  // namespace rollcall::bench
