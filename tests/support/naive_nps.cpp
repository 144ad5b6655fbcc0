#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

namespace {

struct Scores {
  Users promoters, passives, detractors;
  std::int64_t invalid = 0;
};

// Looks at the events from `first` to `last` anew.
Scores scores_of(const NpsQuery& ask, const NaiveScope& scope, Day first, Day last) {
  Amount whole = 1;
  for (std::uint32_t i = 0; i < scope.data.settings.value_decimals; ++i) whole *= 10;
  // The latest answer is the largest: that of the latest instant, and of these the lowest one.
  std::map<NaiveUser, std::pair<TimeUs, Amount>> latest;
  Scores scores;
  for (const std::size_t i : scope.events(ask.event)) {
    if (scope.data.days[i] < first || scope.data.days[i] > last) continue;
    const Amount value = scope.data.events[i].value.value_or(0);
    if (value < 0 || value > 10 * whole || value % whole != 0) {
      ++scores.invalid;
      continue;
    }
    const std::pair<TimeUs, Amount> answer = {scope.data.events[i].time, -value / whole};
    const auto [known, is_first] = latest.emplace(scope.data.user_of[i], answer);
    if (!is_first) known->second = std::max(known->second, answer);
  }
  for (const auto& [user, answer] : latest) {
    const Amount score = -answer.second;
    (score <= 6   ? scores.detractors
     : score <= 8 ? scores.passives
                  : scores.promoters)
        .push_back(user);
  }
  return scores;
}

}  // namespace

NaiveTable nps_table(const NpsQuery& ask, const NaiveScope& scope, const NaiveRange& range) {
  NaiveTable table;
  table.keys = {"date", "window_days"};
  table.columns = {{"date", ColumnType::kDate},      {"window_days", ColumnType::kInt},
                   {"answers", ColumnType::kCount},  {"promoters", ColumnType::kCount},
                   {"passives", ColumnType::kCount}, {"detractors", ColumnType::kCount},
                   {"nps", ColumnType::kRatio},      {"low", ColumnType::kRatio},
                   {"high", ColumnType::kRatio},     {"invalid", ColumnType::kCount},
                   {"complete", ColumnType::kBool}};
  for (const Day period : range.periods) {
    const Day last = scope.data.calendar.last_day(period, ask.period);
    const bool complete = scope.now.ended(last);
    for (const std::int32_t days : ask.window_days) {
      const Scores scores = scores_of(ask, scope, last - days + 1, last);
      Users answers = scores.promoters;
      answers.insert(answers.end(), scores.passives.begin(), scores.passives.end());
      answers.insert(answers.end(), scores.detractors.begin(), scores.detractors.end());
      Cell nps, low, high;
      if (complete && !answers.empty()) {
        const auto up = static_cast<double>(scores.promoters.size());
        const auto down = static_cast<double>(scores.detractors.size());
        const auto all = static_cast<double>(answers.size());
        nps = 100 * (up - down) / all;
        const double p = (up + 0.75) / (all + 3), q = (down + 0.75) / (all + 3);
        const double deviation = std::sqrt((p + q - (p - q) * (p - q)) / (all + 3));
        low = std::clamp(100 * (p - q - 1.96 * deviation), -100.0, 100.0);
        high = std::clamp(100 * (p - q + 1.96 * deviation), -100.0, 100.0);
      }
      table.add_row(Cell(period), Cell(std::int64_t{days}), answers, scores.promoters,
                    scores.passives, scores.detractors, nps, low, high, Cell(scores.invalid),
                    Cell(complete));
    }
  }
  return table;
}

}  // namespace rollcall::testing
