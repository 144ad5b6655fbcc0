// A rival is measured beside rollcall: it takes the same events and is asked the same questions.
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

// Is a rival that is not installed; it says what is missing.
class RivalAbsent : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct Answer {
  Counts counts;
  double seconds = 0;  // what the rival took, without the way to it
};

// Times are those of the rival's own work: files to read from are made before the clock starts. One
// thread may use it at a time. Its errors are BenchError.
class Rival {
 public:
  virtual ~Rival() = default;

  // Returns version and settings, for the reader.
  virtual std::string settings() const = 0;
  // Takes every row of the workload, with dense ids; it is called once. Returns seconds.
  virtual double load(Session& session) = 0;
  // Then derives what makes answers fast and is not kept while events come in. Returns seconds.
  virtual double seal() = 0;
  // Returns the bytes that it keeps after that, as `settings` says; they are not set if it cannot
  // tell.
  virtual std::optional<std::uint64_t> bytes() = 0;
  // The answer is not set if the question is not one for this rival.
  virtual std::optional<Answer> ask(const RivalQuestion& question) = 0;
};

// Is a rival to be made.
struct RivalEntry {
  std::string name;  // "clickhouse/raw"
  unsigned threads = 1;
  bool on_disk = false;
  std::uint64_t events_max = 0;  // it is given a smaller workload, when it is slow; 0: no limit
  // Throws RivalAbsent. Threads, folder and workload are the session's.
  std::function<std::unique_ptr<Rival>(const Session& session)> make;
};

// Return the rivals of each file; `threads` is the most that one may use.
std::vector<RivalEntry> rollcall_entries(unsigned threads);
std::vector<RivalEntry> croaring_entries();
std::vector<RivalEntry> clickhouse_entries(unsigned threads);
std::vector<RivalEntry> duckdb_entries(unsigned threads);
std::vector<RivalEntry> redis_entries();
std::vector<RivalEntry> rocksdb_entries(std::uint64_t events_max);

}  // namespace rollcall::bench
