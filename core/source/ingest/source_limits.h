// This header has the limits under which files are read, and what they refuse.
//
// A limit is a bound on one measure of a row. A row that only a limit refused may come in when the
// file is read again under other limits; no other row may. The position of a source therefore
// records which limit refused rows, and by how much.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

#include "rollcall/file_source.h"
#include "rollcall/options.h"

namespace rollcall {

struct LimitKind {
  std::string_view key;  // its name in positions
  bool is_lower;         // whether it refuses measures below its bound; otherwise those above
};

// There is one row for each SourceLimit, in its order. A row whose line is too long has no other
// measure, so this limit comes first.
inline constexpr auto kLimitKinds = std::to_array<LimitKind>({
    {"line_bytes", false},
    {"time_min", true},
    {"time_max", false},
    {"user_bytes", false},
    {"null_user", false},  // 1 for an id that means nobody, otherwise 0
    {"unrounded", false},  // 1 for an amount with more decimals than are kept, otherwise 0
});
inline constexpr std::size_t kLimitCount = kLimitKinds.size();

// Holds the measures of a row, by SourceLimit.
using RowMeasures = std::array<std::int64_t, kLimitCount>;

class Limits {
 public:
  // Sets no limits.
  Limits();
  // Sets the limits of a run, which include the engine's latest time.
  Limits(const SourceOptions& source, const EngineOptions& engine);

  std::int64_t operator[](SourceLimit limit) const { return bounds_[index(limit)]; }
  void set(SourceLimit limit, std::int64_t bound) { bounds_[index(limit)] = bound; }
  void unset(SourceLimit limit);
  bool is_set(SourceLimit limit) const;

  bool takes(SourceLimit limit, std::int64_t measure) const;
  // Returns the first limit that refuses a row; nullopt if they take it.
  std::optional<SourceLimit> refusing(const RowMeasures& row) const {
    for (std::size_t i = 0; i < kLimitCount; ++i) {
      if (!is_as_wide(i, bounds_[i], row[i])) return static_cast<SourceLimit>(i);
    }
    return {};
  }
  bool take(const RowMeasures& row) const { return !refusing(row); }
  // Returns whether they take every row that `other` take.
  bool cover(const Limits& other) const;

  static std::size_t index(SourceLimit limit) { return static_cast<std::size_t>(limit); }

 private:
  // Returns whether a bound takes every measure that another takes.
  static bool is_as_wide(std::size_t i, std::int64_t bound, std::int64_t other) {
    return kLimitKinds[i].is_lower ? bound <= other : bound >= other;
  }

  RowMeasures bounds_;
};

// Counts rows that limits refused, each for the first limit that does.
class Refusals {
 public:
  struct Count {
    std::uint64_t rows = 0;
    std::int64_t nearest = 0;  // the measure that would be taken first
  };

  const Count& operator[](SourceLimit limit) const { return counts_[Limits::index(limit)]; }
  void set(SourceLimit limit, Count count) { counts_[Limits::index(limit)] = count; }

  void add(SourceLimit limit, std::int64_t measure) { add(limit, Count{1, measure}); }
  void add(const Refusals& others);
  // Removes that many rows of each limit.
  void remove(const Refusals& others);

  bool empty() const;
  // Returns whether `limits` would take one of them, judging by the limit that it is counted for.
  bool may_be_taken_by(const Limits& limits) const;
  std::vector<LimitCount> counts() const;  // above zero

 private:
  void add(SourceLimit limit, const Count& count);

  std::array<Count, kLimitCount> counts_;
};

// Decides which rows of a part of a source are to be ingested.
struct Admission {
  Limits now;
  // Holds the limits under which it was read before: rows that one of them takes are in. There are
  // none on a first reading.
  std::vector<Limits> before;

  bool is_second_reading() const { return !before.empty(); }
  bool is_in(const RowMeasures& row) const {
    return std::any_of(before.begin(), before.end(),
                       [&](const Limits& limits) { return limits.take(row); });
  }
  // Return the longest line that some reading has looked into, with and without this one.
  std::size_t line_bytes_max() const;
  std::size_t line_bytes_max_before() const;
};

}  // namespace rollcall
