// This answers the benchmarks' questions about events in their order, by plain loops over the
// events of one user after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "bench/history_floor.h"
#include "bench/session.h"
#include "bench/truth.h"
#include "bench/workload_w.h"
#include "rollcall/types.h"

namespace rollcall::bench {

inline constexpr TimeUs kHourUs = std::int64_t{3600} * 1'000'000;
inline constexpr TimeUs kDayUs = 24 * kHourUs;

// Is a funnel over event names.
struct FunnelSteps {
  std::span<const std::uint32_t> steps;  // places in kEventNameList, ascending
  TimeUs window_us = 0;                  // from the first step, its end included
};

// Each counts the users who made at least 1, 2, ... all steps of a funnel.
Counts funnel_truth(const HistoryFloor& history, const FunnelSteps& funnel);
// Counts those who made them in consecutive events. Throws BenchError if the history has ties,
// because these may be taken in any order.
Counts strict_funnel_truth(const HistoryFloor& history, const FunnelSteps& funnel);
// Counts those who made so many different steps, in any order, within one window.
Counts any_funnel_truth(const HistoryFloor& history, const FunnelSteps& funnel);
// Counts those with an attempt that no event of the name `exclusion` voids: one between the first
// step and the last one, or the end of the window. Throws BenchError if the history has ties.
Counts excluding_funnel_truth(const HistoryFloor& history, const FunnelSteps& funnel,
                              std::uint32_t exclusion);
// Counts them for each period apart, by their attempts whose first step lies in it. Period i is
// [begins[i], begins[i + 1]).
Counts funnel_trend_truth(const HistoryFloor& history, const FunnelSteps& funnel,
                          std::span<const TimeUs> begins);

// Counts, for each of the first `cohorts` days from `first` on and each k below `periods`, the
// users whose first event lies in that day, and of whom there is one in the 24 hours that begin k
// times 24 hours after it.
Counts rolling_retention_truth(const HistoryFloor& history, TimeUs first, std::size_t cohorts,
                               std::size_t periods);
// Counts, for each of `candidates`, which are sets of names (bit i: place i of kEventNameList), and
// each of `at_least`, the users whose first event lies in one of the first `days` days from `first`
// on, and who have so many events of the candidate besides it within `within_us` of it, the end
// included. Smaller counts come first.
Counts aha_truth(const HistoryFloor& history, TimeUs first, std::int32_t days,
                 std::span<const std::uint32_t> candidates, std::span<const std::int32_t> at_least,
                 TimeUs within_us);
// Returns the same counts, each with that of the users among them who have an event on one of the
// days from_day..to_day after the day of their first event.
Counts aha_retained_truth(const HistoryFloor& history, TimeUs first, std::int32_t days,
                          std::span<const std::uint32_t> candidates,
                          std::span<const std::int32_t> at_least, TimeUs within_us,
                          std::int32_t from_day, std::int32_t to_day);
// Returns, for each day of which there are `days` from `first_day` on, and each of `horizons`, days
// that are not past the last of them: the users whose first event is of that day, those whose
// values up to so many days later sum to more than 0, and that sum over all of them.
Counts ltv_truth(Session& session, std::int32_t days, std::span<const std::int32_t> horizons);

// Counts the users who have at least `times` events of the name `event` from `since` on.
Counts times_truth(const HistoryFloor& history, std::uint32_t event, TimeUs since,
                   std::size_t times);
// Counts the users of the default rules of early warning at the instant `end`, the end of a day:
// those of the last 30 days with no event in the last 7, and then those with at least 4 in the 7
// days before these, and at most half as many since.
Counts risk_truth(const HistoryFloor& history, TimeUs end);
// Counts the users who have an event of that name from `since` on whose value is at least `low`,
// and less than `high`.
Counts amount_truth(Session& session, std::uint32_t event, TimeUs since, Amount low, Amount high);

// Names a value of each property of workload W (bench/workload_properties.h), by number.
struct PropertyPair {
  std::uint32_t channel = 0;
  std::uint32_t product = 0;
  bool is_of(TimeUs time) const;
};
// Counts the users who have an event of that name with both values.
Counts properties_truth(const HistoryFloor& history, std::uint32_t event, PropertyPair wanted);
// Counts the users who made at least 1, 2, ... all steps of a funnel, where only events with both
// values are of its last step.
Counts properties_funnel_truth(const HistoryFloor& history, const FunnelSteps& funnel,
                               PropertyPair wanted);

// Returns the users of each of the 125 cells of recency, frequency and monetary value, scored by
// rank over all events.
Counts rfm_truth(Session& session);

}  // namespace rollcall::bench
