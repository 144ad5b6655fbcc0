// Says how far back the history of a store reaches.
//
// A store may let go of the events of days long past, while their aggregates stay. The days that
// are let go of lie more than so many days before the latest day. One wrong clock must not decide
// what that day is, or it would empty the history of everybody. So it is the latest day with events
// of two users. Further events only ever move it on, in whatever order they come.
//
// It is looked up at checkpoints, and the beginning that follows from it is kept: it never moves
// back, because what was let go of is gone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// The latest day has events of at least so many users.
inline constexpr std::uint64_t kUsersOfLatestDay = 2;

struct HistoryLimit {
  std::uint32_t days = 0;   // how many days before the latest one are kept; 0: all
  std::optional<Day> from;  // the first day of history; unset: no checkpoint let go of any

  void serialize(std::string& bytes) const;
  //   kCorruption  they are not what was written
  static Result<HistoryLimit> deserialize(std::string_view bytes);
};

// Returns the first day of a history that keeps so many days before `latest`.
Day begin_of_history(Day latest, std::uint32_t days);

}  // namespace rollcall
