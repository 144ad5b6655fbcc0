#include "bench/rivals/rival_questions.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <span>
#include <string_view>
#include <utility>
#include <variant>

#include "bench/questions.h"
#include "bench/workload_properties.h"
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

// Have the steps of funnels in common with bench/measure_history.cpp: view, login and add_to_cart,
// and between them search and click.
constexpr std::array<std::uint32_t, 3> kThreeSteps = {0, 3, 5};
constexpr std::array<std::uint32_t, 5> kFiveSteps = {0, 1, 2, 3, 5};
constexpr std::size_t kTimes = 3;
constexpr PropertyPair kWanted = {.channel = 2, .product = 17};
constexpr Amount kAmountLow = 50'000'000, kAmountHigh = 100'000'000;  // millionths

// Are the days after which the value of cohorts is summed up.
constexpr std::array<std::int32_t, 10> kLtvHorizons = {0, 1, 3, 7, 14, 21, 28, 35, 42, 56};
// Are those of aha: days in which users try, and in which coming back counts.
constexpr std::int32_t kTryDays = 7, kBackFrom = 8, kBackTo = 30;
constexpr std::array<std::int32_t, 5> kAtLeast = {1, 2, 3, 5, 10};

// Returns the 20 candidates of aha as sets of names: each name, and pairs of them.
std::vector<std::uint32_t> aha_candidates() {
  constexpr std::size_t kCandidates = 20;
  std::vector<std::uint32_t> candidates;
  for (std::uint32_t apart = 0; candidates.size() < kCandidates; ++apart) {
    for (std::uint32_t name = 0; name + apart < kEventNames; ++name) {
      if (candidates.size() < kCandidates) candidates.push_back(1U << name | 1U << (name + apart));
    }
  }
  return candidates;
}

std::string candidates_json() {
  std::vector<std::string> selectors;
  for (const std::uint32_t candidate : aha_candidates()) {
    std::vector<std::string> names;
    for (std::uint32_t name = 0; name < kEventNames; ++name) {
      if ((candidate >> name & 1) != 0)
        names.push_back(fmt::format("\"{}\"", kEventNameList[name]));
    }
    selectors.push_back(fmt::format("[{}]", fmt::join(names, ", ")));
  }
  return fmt::format("[{}]", fmt::join(selectors, ", "));
}

// Reads users and those retained of each candidate and level, in the order of these counts: the
// answer has an order of its own.
Counts read_aha(const QueryResult& answer) {
  const std::size_t rate = column_of(answer, "retained_with");
  const Counts users = counts_of(answer, {"users"});
  std::vector<std::pair<std::uint64_t, std::uint64_t>> pairs;
  for (std::size_t row = 0; row < users.size(); ++row) {
    const double* const share = std::get_if<double>(&answer.rows[row][rate]);
    const double retained = share == nullptr ? 0 : *share * static_cast<double>(users[row]);
    pairs.emplace_back(users[row], std::llround(retained));
  }
  std::ranges::sort(pairs);
  Counts counts;
  for (const auto& [all, retained] : pairs) counts.insert(counts.end(), {all, retained});
  return counts;
}

// Reads sizes, payers and values of all cohorts and horizons; values in millionths.
Counts read_ltv(const QueryResult& answer) {
  const Counts users = counts_of(answer, {"size", "payers"});
  const std::size_t value = column_of(answer, "value");
  Counts counts;
  for (std::size_t row = 0; row < answer.rows.size(); ++row) {
    const double sum = std::stod(std::get<std::string>(answer.rows[row][value]));
    counts.insert(counts.end(), {users[2 * row], users[2 * row + 1],
                                 static_cast<std::uint64_t>(std::llround(sum * 1e6))});
  }
  return counts;
}

void add_value_questions(Day first_day, std::vector<RivalQuestion>& questions) {
  questions.push_back({Kept::kOrder,
                       std::nullopt,
                       "rfm_125",
                       R"({"kind": "rfm", "by": "cell"})",
                       {"users"},
                       [](const TrueEvents& events) { return rfm_truth(events.session); }});
  questions.push_back(
      {Kept::kOrder,
       std::nullopt,
       "ltv_60x10",
       fmt::format(R"({{"kind": "ltv", "horizons": [{}], "summary": "none"}})",
                   fmt::join(kLtvHorizons, ", ")),
       {},
       [](const TrueEvents& events) { return ltv_truth(events.session, kRivalDays, kLtvHorizons); },
       read_ltv});
  const TimeUs first = std::int64_t{first_day.value} * kDayUs;
  questions.push_back(
      {Kept::kOrder,
       std::nullopt,
       "aha_20",
       fmt::format(R"({{"kind": "aha", "candidates": {}, "within": "{}d", "from_day": {}, )"
                   R"("to_day": {}, "at_least": [{}], "as_of": "{}"}})",
                   candidates_json(), kTryDays, kBackFrom, kBackTo, fmt::join(kAtLeast, ", "),
                   to_string(first_day + (kRivalDays - 1))),
       {},
       [=](const TrueEvents& events) {
         return aha_retained_truth(events.history, first, kRivalDays - kBackTo, aha_candidates(),
                                   kAtLeast, kTryDays * kDayUs, kBackFrom, kBackTo);
       },
       read_aha});
}

void add_history_questions(Day first_day, std::vector<RivalQuestion>& questions) {
  const auto funnel = [&](const char* name, std::span<const std::uint32_t> steps, TimeUs window_us,
                          const char* order, auto truth) {
    std::vector<std::string_view> names;
    for (const std::uint32_t step : steps) names.push_back(kEventNameList[step]);
    questions.push_back(
        {Kept::kOrder,
         std::nullopt,
         name,
         fmt::format(R"({{"kind": "funnel", "steps": ["{}"], "window": "{}h", "order": "{}"}})",
                     fmt::join(names, R"(", ")"), window_us / kHourUs, order),
         {"users"},
         [=](const TrueEvents& events) {
           return truth(events.history, {steps, window_us});
         }});
  };
  funnel("funnel_3_7d", kThreeSteps, 7 * kDayUs, "ordered", funnel_truth);
  funnel("funnel_3_1h", kThreeSteps, kHourUs, "ordered", funnel_truth);
  funnel("funnel_5_30d", kFiveSteps, 30 * kDayUs, "ordered", funnel_truth);
  funnel("funnel_3_strict", kThreeSteps, 7 * kDayUs, "strict", strict_funnel_truth);

  const TimeUs first = std::int64_t{first_day.value} * kDayUs;
  const TimeUs since = first + (kRivalDays - kWindowDays) * kDayUs;
  const std::string last_days =
      fmt::format(R"("from": "{}", "to": "{}")", to_string(first_day + (kRivalDays - kWindowDays)),
                  to_string(first_day + (kRivalDays - 1)));
  questions.push_back(
      {Kept::kOrder,
       std::nullopt,
       "times_3_30d",
       fmt::format(
           R"({{"kind": "segment", "segment": {{"did": "{}", {}, "times": {{"gte": {}}}}}}})",
           kEventNameList[kPurchase], last_days, kTimes),
       {"users"},
       [=](const TrueEvents& events) {
         return times_truth(events.history, kPurchase, since, kTimes);
       }});
  questions.push_back(
      {Kept::kOrder,
       std::nullopt,
       "amount_30d",
       fmt::format(R"({{"kind": "segment", "segment": {{"did": {{"event": "{}", "where": )"
                   R"({{"value": {{"gte": "{}", "lt": "{}"}}}}}}, {}}}}})",
                   kEventNameList[kPurchase], kAmountLow / 1'000'000, kAmountHigh / 1'000'000,
                   last_days),
       {"users"},
       [=](const TrueEvents& events) {
         return amount_truth(events.session, kPurchase, since, kAmountLow, kAmountHigh);
       }});
  questions.push_back(
      {Kept::kOrder,
       std::nullopt,
       "rolling_30x30",
       fmt::format(R"({{"kind": "retention", "windows": "rolling", "from": "{}", "to": "{}", )"
                   R"("periods": {}, "summary": "none"}})",
                   to_string(first_day), to_string(first_day + (kCohorts - 1)), kCohorts - 1),
       {"users"},
       [=](const TrueEvents& events) {
         return rolling_retention_truth(events.history, first, kCohorts, kCohorts);
       }});
}

void add_property_questions(std::vector<RivalQuestion>& questions) {
  const std::string where =
      fmt::format(R"("where": {{"channel": "{}", "product": "{}"}})", kChannelList[kWanted.channel],
                  product_name(kWanted.product));
  questions.push_back(
      {Kept::kProperties,
       std::nullopt,
       "two_properties",
       fmt::format(R"({{"kind": "segment", "segment": {{"did": {{"event": "{}", {}}}}}}})",
                   kEventNameList[kPurchase], where),
       {"users"},
       [](const TrueEvents& events) {
         return properties_truth(events.history, kPurchase, kWanted);
       }});
  questions.push_back(
      {Kept::kProperties,
       std::nullopt,
       "funnel_properties",
       fmt::format(R"({{"kind": "funnel", "steps": ["{}", "{}", {{"event": "{}", {}}}], )"
                   R"("window": "{}h"}})",
                   kEventNameList[kThreeSteps[0]], kEventNameList[kThreeSteps[1]],
                   kEventNameList[kThreeSteps[2]], where, 7 * kDayUs / kHourUs),
       {"users"},
       [](const TrueEvents& events) {
         return properties_funnel_truth(events.history, {kThreeSteps, 7 * kDayUs}, kWanted);
       }});
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
  const auto of_days = [](auto truth) {
    return [truth](const TrueEvents& events) { return truth(events.days); };
  };
  std::vector<RivalQuestion> questions = {
      {Kept::kDays,
       Ask::kDaily,
       "daily_60",
       R"({"kind": "active"})",
       {"users"},
       of_days([](const DaySets& sets) { return active_truth(sets, 1, 0, kRivalDays - 1); })},
      {Kept::kDays,
       Ask::kMonthly,
       "monthly_30",
       fmt::format(R"({{"kind": "active", "window_days": {}, "from": "{}"}})", kWindowDays,
                   date(kRivalDays - 1)),
       {"users"},
       of_days([](const DaySets& sets) {
         return active_truth(sets, kWindowDays, kRivalDays - 1, kRivalDays - 1);
       })},
      {Kept::kDays,
       Ask::kRetention,
       "retention_30x30",
       retention("first_ever"),
       {"users"},
       of_days([](const DaySets& sets) { return retention_counts(sets, false); })},
      {Kept::kDays,
       Ask::kRetentionRecurring,
       "recurring_30x30",
       retention("recurring"),
       {"users"},
       of_days([](const DaySets& sets) { return retention_counts(sets, true); })},
      {Kept::kDays,
       Ask::kLifecycle,
       "lifecycle_week",
       fmt::format(R"({{"kind": "lifecycle", "period": "week", {}}})",
                   range(kWeekFirst, kRivalDays - 1)),
       {"new", "returning", "resurrecting", "dormant"},
       of_days(lifecycle_counts)},
      {Kept::kDays,
       Ask::kChurn,
       "churn_7d",
       fmt::format(R"({{"kind": "churn", "rule": {{"gap_days": {}}}, {}}})", kWeekDays,
                   range(kChurnDay, kChurnDay)),
       {"base", "retained", "churned"},
       of_days(churn_counts)},
      {Kept::kDays,
       Ask::kActiveDays,
       "active_days_28",
       fmt::format(R"({{"kind": "stickiness", {}}})", range(kActiveFirst, kRivalDays - 1)),
       {"users"},
       of_days(active_days_counts)},
  };
  add_history_questions(first_day, questions);
  add_property_questions(questions);
  add_value_questions(first_day, questions);
  return questions;
}

}  // namespace rollcall::bench
