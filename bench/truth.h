// This answers the benchmarks' questions by plain loops over bitsets, which are slow, and obviously
// right.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "bench/recount.h"

namespace rollcall::bench {

// Holds users day by day, in bitsets of one length.
using DaySets = std::vector<std::vector<std::uint64_t>>;

DaySets any_event_sets(const Recount& recount);

// Each returns the counts of the answer's cells in their order. Days are numbered from 0.
using Counts = std::vector<std::uint64_t>;

// Counts those of the last `window` days up to day d, for each d from `first` to `last`.
Counts active_truth(const DaySets& sets, std::int32_t window, std::int32_t first,
                    std::int32_t last);
// Counts, for each cohort of days 0 to `cohorts` - 1, its size, and who came k days later, for each
// k below `periods` with a day in the data. A user joins on the first day only, or (`recurring`) on
// each.
Counts retention_truth(const DaySets& sets, std::int32_t cohorts, std::int32_t periods,
                       bool recurring);
// Counts, for each day, its users, and of them those who came in the next `gap` days, who did not,
// and who did not but came later.
Counts churn_truth(const DaySets& sets, std::int32_t gap);
// Counts, for each day from `first` to `last`, users who are new, who were there the day before,
// and who were there only earlier; those who were there the day before and are not; and all of its
// users.
Counts lifecycle_truth(const DaySets& sets, std::int32_t first, std::int32_t last);
// Counts users on exactly n of the days `first` to `last`, for each n from 1.
Counts stickiness_truth(const DaySets& sets, std::int32_t first, std::int32_t last);
// Counts users by the days in a row up to the last day, or the one before if they are not here on
// the last, and by the most days in a row: both for each n from 1 to the largest.
Counts streaks_truth(const DaySets& sets);
// Counts users on at least `active` of the last `window` days, and on none of the last `quiet`.
Counts segment_truth(const DaySets& sets, std::int32_t window, std::int32_t active,
                     std::int32_t quiet);
// Counts users by days since the last one with them: from edges[i] up to the next edge.
Counts idle_truth(const DaySets& sets, std::span<const std::int32_t> edges);

}  // namespace rollcall::bench
