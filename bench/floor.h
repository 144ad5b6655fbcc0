// The floor is the least code that keeps the same bits and totals of the same events, to measure
// the engine against. It has no interface to speak of, no persistence, no late events and no
// readers, and it knows beforehand how many users and days there will be, and which names have
// values.
//
// It keeps, for each event name and day, a bitmap over the users and how many events; and for the
// two names with values, the sum of them for each user.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "bench/workload_w.h"

namespace rollcall::bench {

struct FloorOptions {
  IdKind ids = IdKind::kDense;  // dense or scattered
  std::uint64_t users = 0;
  std::int32_t days = 0;
  Day first_day;
  unsigned threads = 1;
  // At 0, the floor goes row by row, on one thread. Otherwise rounds of rows are first split by
  // user into about this many parts, and then applied part by part, so that each part stays in the
  // cache meanwhile.
  unsigned partitions = 0;
  std::size_t round_rows = std::size_t{4} << 20;
};
// Returns "dense, 32 parts, rounds of 4 Mi".
std::string to_string(const FloorOptions& options);

// Returns a sum over all that is kept, in any order. It is the same for equal contents, and differs
// for different ones but for a chance of 2^-64.
struct Digest {
  std::uint64_t bits = 0;    // of (event, day, user id)
  std::uint64_t counts = 0;  // of (event, day), times events
  std::uint64_t sums = 0;    // of (event, user id), times the sum of values

  friend bool operator==(const Digest&, const Digest&) = default;
};
std::uint64_t digest_of(std::uint64_t user_id, std::uint32_t event, std::int32_t day_number);
inline constexpr std::int32_t kNoDay = -1;                      // the day number of sums
inline constexpr std::uint64_t kEverybody = ~std::uint64_t{0};  // the user id of counts

class Floor {
 public:
  virtual ~Floor() = default;
  // Takes rows in order of time.
  virtual void ingest(const WorkloadColumns& columns) = 0;
  virtual Digest digest() const = 0;
};

std::unique_ptr<Floor> make_floor(const FloorOptions& options);

}  // namespace rollcall::bench
