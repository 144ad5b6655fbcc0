#include "bench/rivals/rival_questions.h"

#include <fmt/format.h>

#include <bit>

#include "rollcall/query.h"

namespace rollcall::bench {
namespace {

// Holds days as bits: bit d is set if the user was seen on day d.
std::vector<std::uint64_t> days_by_user(const DaySets& sets) {
  std::vector<std::uint64_t> days(sets[0].size() * 64);
  for (std::size_t day = 0; day < sets.size(); ++day) {
    for (std::size_t user = 0; user < days.size(); ++user) {
      days[user] |= (sets[day][user / 64] >> (user % 64) & 1) << day;
    }
  }
  return days;
}

std::uint64_t day_range(std::int32_t first, std::int32_t count) {
  return ((std::uint64_t{1} << count) - 1) << first;
}

// Leaves out the sizes, which are the counts after 0 days.
Counts retention_counts(const DaySets& sets, bool recurring) {
  const Counts pairs = retention_truth(sets, kCohorts, kCohorts, recurring);
  Counts counts;
  for (std::size_t i = 1; i < pairs.size(); i += 2) counts.push_back(pairs[i]);
  return counts;
}

Counts lifecycle_counts(const DaySets& sets) {
  const std::uint64_t week = day_range(kWeekFirst, kWeekDays), seen = day_range(0, kWeekFirst),
                      week_before = day_range(kWeekFirst - kWeekDays, kWeekDays);
  Counts counts(4);
  for (const std::uint64_t days : days_by_user(sets)) {
    const bool now = (days & week) != 0, before = (days & week_before) != 0;
    if (now && (days & seen) == 0) ++counts[0];
    if (now && before) ++counts[1];
    if (now && !before && (days & seen) != 0) ++counts[2];
    if (!now && before) ++counts[3];
  }
  return counts;
}

Counts churn_counts(const DaySets& sets) {
  Counts counts(3);
  for (const std::uint64_t days : days_by_user(sets)) {
    if ((days >> kChurnDay & 1) == 0) continue;
    ++counts[0];
    ++counts[(days & day_range(kChurnDay + 1, kWeekDays)) != 0 ? 1 : 2];
  }
  return counts;
}

Counts active_days_counts(const DaySets& sets) {
  Counts counts(kActiveWindow + 1);
  for (const std::uint64_t days : days_by_user(sets)) {
    ++counts[static_cast<std::size_t>(
        std::popcount(days & day_range(kActiveFirst, kActiveWindow)))];
  }
  counts.erase(counts.begin());
  return counts;
}

}  // namespace

std::vector<RivalQuestion> rival_questions(Day first_day) {
  const auto date = [first_day](std::int32_t day) { return to_string(first_day + day); };
  const auto range = [&](std::int32_t first, std::int32_t last) {
    return fmt::format(R"("from": "{}", "to": "{}")", date(first), date(last));
  };
  const auto retention = [&](const char* cohort) {
    return fmt::format(
        R"({{"kind": "retention", "cohort": "{}", {}, "periods": {}, "summary": "none"}})", cohort,
        range(0, kCohorts - 1), kCohorts - 1);
  };
  return {
      {Ask::kDaily,
       "daily_60",
       R"({"kind": "active"})",
       {"users"},
       [](const DaySets& sets) { return active_truth(sets, 1, 0, kRivalDays - 1); }},
      {Ask::kMonthly,
       "monthly_30",
       fmt::format(R"({{"kind": "active", "window_days": {}, "from": "{}"}})", kWindowDays,
                   date(kRivalDays - 1)),
       {"users"},
       [](const DaySets& sets) {
         return active_truth(sets, kWindowDays, kRivalDays - 1, kRivalDays - 1);
       }},
      {Ask::kRetention,
       "retention_30x30",
       retention("first_ever"),
       {"users"},
       [](const DaySets& sets) { return retention_counts(sets, false); }},
      {Ask::kRetentionRecurring,
       "recurring_30x30",
       retention("recurring"),
       {"users"},
       [](const DaySets& sets) { return retention_counts(sets, true); }},
      {Ask::kLifecycle,
       "lifecycle_week",
       fmt::format(R"({{"kind": "lifecycle", "period": "week", {}}})",
                   range(kWeekFirst, kRivalDays - 1)),
       {"new", "returning", "resurrecting", "dormant"},
       lifecycle_counts},
      {Ask::kChurn,
       "churn_7d",
       fmt::format(R"({{"kind": "churn", "rule": {{"gap_days": {}}}, {}}})", kWeekDays,
                   range(kChurnDay, kChurnDay)),
       {"base", "retained", "churned"},
       churn_counts},
      {Ask::kActiveDays,
       "active_days_28",
       fmt::format(R"({{"kind": "stickiness", {}}})", range(kActiveFirst, kRivalDays - 1)),
       {"users"},
       active_days_counts},
  };
}

}  // namespace rollcall::bench
