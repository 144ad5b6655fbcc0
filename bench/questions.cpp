#include "bench/questions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <variant>

#include "bench/session.h"

namespace rollcall::bench {
namespace {

constexpr std::array<std::int32_t, 7> kIdleEdges = {0, 1, 7, 14, 30, 60, 90};
constexpr std::int32_t kGapDays = 7;
constexpr std::array<std::int32_t, 10> kLtvDays = {0, 1, 3, 7, 14, 21, 28, 35, 42, 56};

// Returns the size of the cohort of each row.
Counts ltv_sizes(const DaySets& sets) {
  const auto days = static_cast<std::int32_t>(sets.size());
  const Counts by_cohort = retention_truth(sets, days, 1, /*recurring=*/false);
  Counts sizes;
  for (std::int32_t cohort = 0; cohort < days; ++cohort) {
    for (const std::int32_t day : kLtvDays) {
      constexpr std::size_t kColumns = 2;  // the size, and who came back
      if (cohort + day < days) {
        sizes.push_back(by_cohort[kColumns * static_cast<std::size_t>(cohort)]);
      }
    }
  }
  return sizes;
}

}  // namespace

std::vector<Question> make_questions(Day first_day, std::int32_t days, const std::string& event) {
  const std::int32_t half = std::max(1, days / 2);
  const std::string last_day = to_string(first_day + (days - 1));
  const std::int32_t active_days = std::min(28, days);
  const std::vector<std::string> lifecycle_columns = {"new", "returning", "resurrecting", "dormant",
                                                      "active"};
  const auto retention = [&](bool recurring) {
    return Question{
        fmt::format("retention_{}_{}x{}", recurring ? "recurring" : "first_ever", half, half),
        fmt::format(R"({{"kind": "retention", "event": {}, "cohort": "{}", "from": "{}", )"
                    R"("to": "{}", "periods": {}, "summary": "none"}})",
                    event, recurring ? "recurring" : "first_ever", to_string(first_day),
                    to_string(first_day + (half - 1)), half - 1),
        {"size", "users"},
        [=](const DaySets& sets) { return retention_truth(sets, half, half, recurring); }};
  };
  return {
      {fmt::format("daily_{}", days),
       fmt::format(R"({{"kind": "active", "event": {}}})", event),
       {"users"},
       [=](const DaySets& sets) { return active_truth(sets, 1, 0, days - 1); },
       false},
      {fmt::format("window_{}", half),
       fmt::format(R"({{"kind": "active", "event": {}, "window_days": {}, "from": "{}"}})", event,
                   half, last_day),
       {"users"},
       [=](const DaySets& sets) { return active_truth(sets, half, days - 1, days - 1); }},
      {fmt::format("window_{}_rolling", half),
       fmt::format(R"({{"kind": "active", "event": {}, "window_days": {}}})", event, half),
       {"users"},
       [=](const DaySets& sets) { return active_truth(sets, half, 0, days - 1); }},
      retention(false),
      retention(true),
      {fmt::format("churn_{}d", kGapDays),
       fmt::format(R"({{"kind": "churn", "event": {}, "rule": {{"gap_days": {}}}}})", event,
                   kGapDays),
       {"base", "retained", "churned", "recalled"},
       [](const DaySets& sets) { return churn_truth(sets, kGapDays); }},
      {fmt::format("churn_{}d_one_day", kGapDays),
       fmt::format(R"({{"kind": "churn", "event": {}, "rule": {{"gap_days": {}}}, "from": "{}", )"
                   R"("to": "{}"}})",
                   event, kGapDays, to_string(first_day + half), to_string(first_day + half)),
       {"base", "retained", "churned", "recalled"},
       [=](const DaySets& sets) {
         const Counts all = churn_truth(sets, kGapDays);
         constexpr std::int32_t kColumns = 4;
         return Counts(all.begin() + kColumns * half, all.begin() + kColumns * (half + 1));
       }},
      {fmt::format("lifecycle_{}", days),
       fmt::format(R"({{"kind": "lifecycle", "event": {}}})", event), lifecycle_columns,
       [=](const DaySets& sets) { return lifecycle_truth(sets, 0, days - 1); }},
      {"lifecycle_one_day",
       fmt::format(R"({{"kind": "lifecycle", "event": {}, "from": "{}"}})", event, last_day),
       lifecycle_columns,
       [=](const DaySets& sets) { return lifecycle_truth(sets, days - 1, days - 1); }},
      {fmt::format("stickiness_{}", days),
       fmt::format(R"({{"kind": "stickiness", "event": {}}})", event),
       {"users"},
       [=](const DaySets& sets) { return stickiness_truth(sets, 0, days - 1); }},
      {fmt::format("streaks_{}", days),
       fmt::format(R"({{"kind": "streaks", "event": {}}})", event),
       {"users_current", "users_longest"},
       [](const DaySets& sets) { return streaks_truth(sets); }},
      {fmt::format("active_days_{}", active_days),
       fmt::format(R"({{"kind": "stickiness", "event": {}, "window_days": {}, "from": "{}"}})",
                   event, active_days, last_day),
       {"users"},
       [=](const DaySets& sets) {
         Counts counts = stickiness_truth(sets, days - active_days, days - 1);
         counts.push_back(std::accumulate(counts.begin(), counts.end(), std::uint64_t{0}));
         return counts;
       }},
      {"segment",
       fmt::format(R"({{"kind": "segment", "segment": {{"all": [)"
                   R"({{"did": {0}, "last": "{1}d", "days": {{"gte": 3}}}}, )"
                   R"({{"not": {{"did": {0}, "last": "{2}d"}}}}]}}}})",
                   event, active_days, kGapDays),
       {"users"},
       [=](const DaySets& sets) { return segment_truth(sets, active_days, 3, kGapDays); },
       false},
      {fmt::format("counts_{}", days),
       fmt::format(R"({{"kind": "counts", "event": {}}})", event),
       {"users"},
       [=](const DaySets& sets) { return active_truth(sets, 1, 0, days - 1); },
       false},
      {fmt::format("ltv_{}x{}", days, kLtvDays.size()),
       fmt::format(R"({{"kind": "ltv", "cohort_event": {}, "horizons": [{}], "summary": "none"}})",
                   event, fmt::join(kLtvDays, ", ")),
       {"size"},
       ltv_sizes,
       false},
      {"idle",
       fmt::format(R"({{"kind": "idle", "event": {}}})", event),
       {"users"},
       [](const DaySets& sets) { return idle_truth(sets, kIdleEdges); },
       false},
  };
}

std::size_t column_of(const QueryResult& result, const std::string& name) {
  const auto found = std::find_if(result.columns.begin(), result.columns.end(),
                                  [&](const Column& column) { return column.name == name; });
  if (found == result.columns.end()) throw BenchError("no column " + name + " in an answer");
  return static_cast<std::size_t>(found - result.columns.begin());
}

Counts counts_of(const QueryResult& result, const std::vector<std::string>& columns) {
  std::vector<std::size_t> positions;
  for (const std::string& name : columns) positions.push_back(column_of(result, name));
  Counts counts;
  for (const std::vector<Cell>& row : result.rows) {
    for (const std::size_t position : positions) {
      const auto* const count = std::get_if<std::int64_t>(&row[position]);
      counts.push_back(count == nullptr ? 0 : static_cast<std::uint64_t>(*count));
    }
  }
  return counts;
}

void must_equal_counts(const std::string& what, const Counts& found, const Counts& expected) {
  must_equal(what + ": cells", found.size(), expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    must_equal(fmt::format("{}: cell {}", what, i), found[i], expected[i]);
  }
}

}  // namespace rollcall::bench
