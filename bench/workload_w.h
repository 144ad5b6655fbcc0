// Workload W is the stream of events that all speeds are measured on.
//
// Users are drawn by Zipf's law with exponent 0.8 (the busiest of 2 M has 1.15 % of all events),
// and a fixed bijection spreads the busy ones over the ids. Eight event names have shares of 35 %
// to 2 %; purchases and refunds have values. Times rise evenly over the days, with 60 s of jitter
// either way.
//
// The same options give the same rows on the same kind of machine. Rows are made in blocks with
// seeds of their own: any range of blocks can be made by itself, and in parallel, so that a stream
// longer than memory is made round by round.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "rollcall/event.h"
#include "rollcall/types.h"

namespace rollcall::bench {

inline constexpr std::size_t kEventNames = 8;
inline constexpr std::array<std::string_view, kEventNames> kEventNameList = {
    "view", "search", "click", "login", "share", "add_to_cart", "purchase", "refund"};
inline constexpr std::uint32_t kPurchase = 6;
inline constexpr std::uint32_t kRefund = 7;

enum class IdKind : std::uint8_t {
  kDense,      // integers, 0 to users - 1
  kScattered,  // a 64-bit mix of those
  kString,     // 16 to 40 bytes made of the mix
};
std::string_view to_string(IdKind kind);

struct WorkloadWOptions {
  std::uint64_t seed = 1;
  std::uint64_t events = 50'000'000;
  std::uint64_t users = 2'000'000;  // 1 to 2^32 - 1
  std::int32_t days = 60;
  Day first_day{20'454};       // 2026-01-01
  bool all_valued = false;     // every event has a value, not purchases and refunds alone
  bool whole_seconds = false;  // times have no fraction of a second
};

// Holds rows in columns. `users` are the numbers that ids are made of, 0 to users - 1.
struct WorkloadRows {
  std::vector<std::uint64_t> users;
  std::vector<TimeUs> times;
  std::vector<std::uint32_t> events;  // positions in kEventNameList
  std::vector<Amount> values;         // millionths; 0: none
  std::size_t size() const { return users.size(); }
};

class WorkloadW {
 public:
  static constexpr std::size_t kBlockRows = 65'536;

  explicit WorkloadW(const WorkloadWOptions& options);

  const WorkloadWOptions& options() const { return options_; }
  TimeUs first_time() const;

  // Fills `rows` with rows [first, first + count) of the stream, on all processors. `first` is a
  // multiple of kBlockRows; the stream's end cuts `count`.
  void generate(std::uint64_t first, std::size_t count, WorkloadRows& rows) const;

  // Returns the scattered id of a user, by a bijection of 64 bits onto themselves.
  static std::uint64_t scattered_id(std::uint64_t user);
  // Writes the string id of a user, at most kStringIdBytesMax bytes, and returns its length.
  static constexpr std::size_t kStringIdBytesMax = 40;
  static std::size_t string_id(std::uint64_t user, char* out);

 private:
  void generate_block(std::uint64_t block, std::uint64_t first, WorkloadRows& rows) const;

  WorkloadWOptions options_;
  std::uint64_t rank_factor_;
};

// Holds rows with the ids of one kind, as an engine takes them. It converts the rows' users in
// place, so that a long stream is held once.
class WorkloadColumns {
 public:
  // Takes the rows over and, for strings, makes their text.
  WorkloadColumns(WorkloadRows rows, IdKind kind);

  IdKind kind() const { return kind_; }
  std::size_t size() const { return rows_.size(); }
  // Returns rows [begin, begin + count), cut at the end. They are a view of this object.
  EventBatch batch(std::size_t begin, std::size_t count) const;
  const WorkloadRows& rows() const { return rows_; }  // `users` are ids, whatever their kind
  // Gives the buffers back, to be filled anew.
  WorkloadRows release() { return std::move(rows_); }

 private:
  WorkloadRows rows_;
  IdKind kind_;
  std::vector<std::vector<char>> texts_;  // by block; strings_ points into them
  std::vector<std::string_view> strings_;
};

}  // namespace rollcall::bench
