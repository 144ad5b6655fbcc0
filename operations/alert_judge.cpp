#include <algorithm>
#include <cmath>
#include <cstddef>
#include <map>
#include <utility>

#include "rollcall/alert.h"

namespace rollcall {

namespace {

constexpr TimeUs kWeekUs = TimeUs{7} * 86'400 * 1'000'000;

using Cells = std::vector<const AlertCell*>;  // complete ones of one series, ascending

std::optional<double> mean_before(const Cells& cells, std::size_t i, std::size_t count) {
  if (i < count) return std::nullopt;
  double sum = 0;
  for (std::size_t k = i - count; k < i; ++k) {
    const bool is_next = cells[k]->next_us == cells[k + 1]->begin_us;
    if (!cells[k]->value || !is_next) return std::nullopt;
    sum += *cells[k]->value;
  }
  return sum / static_cast<double>(count);
}

std::optional<double> week_before(const Cells& cells, std::size_t i) {
  const TimeUs begin_us = cells[i]->begin_us - kWeekUs;
  for (std::size_t k = i; k-- > 0 && cells[k]->begin_us >= begin_us;) {
    if (cells[k]->begin_us == begin_us) return cells[k]->value;
  }
  return std::nullopt;
}

std::optional<double> reference_of(const AlertCondition& condition, const Cells& cells,
                                   std::size_t i) {
  switch (condition.reference) {
    case AlertCondition::Reference::kPrevious:
      return mean_before(cells, i, 1);
    case AlertCondition::Reference::kWeekBefore:
      return week_before(cells, i);
    case AlertCondition::Reference::kMeanOf:
      return mean_before(cells, i, condition.mean_of);
  }
  return std::nullopt;
}

// Holds what a cell is compared by: its value, or value / reference. Unset: it is not judged.
struct Compared {
  std::optional<double> number;
  std::optional<double> reference;
};

Compared compared(const AlertDefinition& definition, const Cells& cells, std::size_t i) {
  const AlertCell& cell = *cells[i];
  if (!cell.value) return {};
  if (definition.min_users > 0 &&
      (!cell.users || std::cmp_less(*cell.users, definition.min_users))) {
    return {};
  }
  if (definition.condition.test != AlertCondition::Test::kChange) return {cell.value, {}};
  const std::optional<double> reference = reference_of(definition.condition, cells, i);
  if (!reference || *reference == 0) return {};
  return {*cell.value / *reference, reference};
}

// Returns whether a quotient is 1 + bound or beyond. 12 is 0.2 more than 10, although doubles make
// 12 / 10 - 1 a little less than 0.2.
bool has_changed(bool grows, double bound, double quotient) {
  constexpr double kRounding = 1e-12;
  const double beyond = grows ? quotient - (1 + bound) : 1 + bound - quotient;
  return beyond >= -kRounding * std::max(1.0, std::abs(1 + bound));
}

bool meets(const AlertCondition& condition, double bound, double number) {
  switch (condition.test) {
    case AlertCondition::Test::kBelow:
      return number < bound;
    case AlertCondition::Test::kAbove:
      return number > bound;
    case AlertCondition::Test::kChange:
      return has_changed(condition.bound > 0, bound, number);
  }
  return false;
}

void judge_number(const AlertDefinition& definition, double number, AlertSeriesState& series) {
  const AlertCondition& condition = definition.condition;
  const bool is_firing = series.judged == AlertState::kFiring;
  const double bound = is_firing ? definition.clear.value_or(condition.bound) : condition.bound;
  if (!meets(condition, bound, number)) {
    series.judged = AlertState::kOk;
    series.run = 0;
  } else if (!is_firing) {
    ++series.run;
    series.judged = series.run >= definition.periods ? AlertState::kFiring : AlertState::kPending;
  }
}

// Appends a change if the series has another state than `shown`, which follows.
void note_change(const AlertSeriesState& series, AlertChange change, AlertState& shown,
                 std::vector<AlertChange>& changes) {
  if (series.state() == shown) return;
  change.series = series.series;
  change.from = std::exchange(shown, series.state());
  change.to = shown;
  changes.push_back(std::move(change));
}

void judge_series(const AlertDefinition& definition, const Cells& cells, bool is_stale_now,
                  TimeUs now_us, AlertSeriesState& series, std::vector<AlertChange>& changes) {
  AlertState shown = series.state();
  const std::size_t changes_before = changes.size();
  // A series that was stale shows what its first new cell says, and nothing in between.
  if (!is_stale_now) series.is_stale = false;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const AlertCell& cell = *cells[i];
    if (series.last_begin_us && cell.begin_us <= *series.last_begin_us) continue;
    series.last_begin_us = cell.begin_us;
    series.last_end_us = cell.end_us;
    const Compared now = compared(definition, cells, i);
    if (!now.number) continue;
    judge_number(definition, *now.number, series);
    series.date = cell.date;
    series.value = cell.value;
    note_change(series,
                {.at_us = now_us,
                 .series = {},
                 .date = cell.date,
                 .value = cell.value,
                 .reference = now.reference,
                 .users = cell.users},
                shown, changes);
  }
  series.is_stale = is_stale_now;
  note_change(series,
              {.at_us = now_us,
               .series = {},
               .date = series.date,
               .value = series.value,
               .reference = {},
               .users = {}},
              shown, changes);
  if (changes.size() > changes_before) series.since_us = now_us;
}

bool is_within_age(const AlertDefinition& definition, std::optional<TimeUs> end_us, TimeUs now_us) {
  if (!definition.max_age_us) return true;
  return end_us && now_us - *end_us <= *definition.max_age_us;
}

}  // namespace

bool is_stale_at(const AlertDefinition& definition, const AlertSeriesState& series, TimeUs now_us) {
  return !is_within_age(definition, series.last_end_us, now_us);
}

AlertJudgement judge(const AlertDefinition& definition, const std::vector<AlertSeriesState>& before,
                     const std::vector<AlertCell>& cells, TimeUs now_us) {
  std::map<AlertSeries, AlertSeriesState> states;
  for (const AlertSeriesState& series : before) states[series.series] = series;
  std::map<AlertSeries, Cells> cells_of;
  std::optional<TimeUs> latest_end_us;  // of all series
  for (const AlertCell& cell : cells) {
    states[cell.series].series = cell.series;
    if (!cell.complete) continue;
    cells_of[cell.series].push_back(&cell);
    latest_end_us = std::max(latest_end_us.value_or(cell.end_us), cell.end_us);
  }
  // An answer that never had a row stands for a series of its own, so that it can be stale.
  if (states.empty()) states[{}] = {};
  const bool has_keys = !states.rbegin()->first.empty();

  AlertJudgement judgement;
  for (auto& [key, series] : states) {
    Cells& own = cells_of[key];
    std::stable_sort(own.begin(), own.end(), [](const AlertCell* a, const AlertCell* b) {
      return a->begin_us < b->begin_us;
    });
    std::optional<TimeUs> end_us = series.last_end_us;
    const auto look_at = [&](TimeUs other) { end_us = std::max(end_us.value_or(other), other); };
    if (!own.empty()) look_at(own.back()->end_us);
    // Where there are series by now, any of them ends the silence.
    if (key.empty() && has_keys && latest_end_us) look_at(*latest_end_us);
    judge_series(definition, own, !is_within_age(definition, end_us, now_us), now_us, series,
                 judgement.changes);
    if (key.empty() && has_keys) series.last_end_us = end_us;
    judgement.series.push_back(std::move(series));
  }
  return judgement;
}

}  // namespace rollcall
