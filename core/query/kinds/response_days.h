// Tells from the users of each day, and their amounts, what the users of audiences did after they
// were contacted. Days tell it where every horizon begins and ends with one, in the store's zone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "core/query/resolve/selector_resolver.h"
#include "core/query/sets/chunk_sets.h"
#include "core/time/time_zone.h"
#include "rollcall/types.h"

namespace rollcall {

class ResponseDays {
 public:
  // These are what a user may do within a horizon: events that are not asked for have no series.
  static constexpr std::size_t kMeasures = 3;
  using Measured = std::array<SeriesUnion, kMeasures>;

  // `amounts` are series with nothing in common, whose amounts are told.
  ResponseDays(Measured measured, std::vector<SeriesId> amounts)
      : measured_(std::move(measured)), amounts_(std::move(amounts)) {}

  // Adds a run whose horizons begin at `begin` and end after so many days of 24 hours, which
  // ascend. Returns false if some of them do not consist of whole days, as far as events are known:
  // before `seen_end`.
  bool add_run(TimeUs begin, std::span<const std::int32_t> horizons, TimeUs seen_end,
               const TimeZone& zone);
  void add_reads(DayRange data, ReadSet& reads) const;

  // Returns the users who first did each of these in each horizon of the run: those of a horizon
  // have kMeasures places, one after the other. They lie in the arena of the sets.
  std::vector<BitSpan> first_users(ChunkSets& sets, std::size_t run) const;
  // Calls use(horizon, amount) for each user's amounts in each horizon of the run.
  template <class Use>
  void each_amount(const ChunkSets& sets, std::size_t run, Use use) const {
    const std::vector<DayRange>& days = runs_[run];
    for (std::size_t horizon = 0; horizon < days.size(); ++horizon) {
      for (Day day = days[horizon].first; day <= days[horizon].last; day = day + 1) {
        for (const SeriesId series : amounts_) {
          for (const UserAmount& amount : sets.amounts(series, day)) use(horizon, amount);
        }
      }
    }
  }

 private:
  Measured measured_;
  std::vector<SeriesId> amounts_;
  // By run, and then by horizon: the days that the horizon adds to those before it.
  std::vector<std::vector<DayRange>> runs_;
};

}  // namespace rollcall
