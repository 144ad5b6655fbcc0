// Retention is counted from aggregates here.
//
// Period sets are made once per chunk and shared by all cohorts. A cohort whose users join once is
// what is left of its period's set when everybody seen before is taken away.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/query/kinds/retention_table.h"

namespace rollcall {
namespace {

// So many cohorts are made before they meet the columns: a multiple of what the kernel takes at
// once, and few enough for a cache.
constexpr std::size_t kRowsTogether = 30;

class RetentionPlan final : public RetentionTable {
 public:
  RetentionPlan(RetentionScope scope, const PlanContext& context, SeriesUnion cohort_events,
                SeriesUnion return_events, std::optional<SeriesUnion> cohort_value);

 private:
  // Holds the sets of a chunk, by period from the first cohort's on: who returned in it, and, for
  // `on_or_after`, who returned in it or later.
  struct PeriodSets {
    std::vector<BitSpan> returned;
    std::vector<BitSpan> later;
  };

  void count(ChunkSets& sets, CellSink& sink) const override;
  // Returns whether each column of a row is one set, which the rows before meet one column later.
  bool is_band() const {
    return !has_amounts() && ask_.brackets.empty() &&
           (ask_.mode == Mode::kOn || ask_.mode == Mode::kOnOrAfter);
  }
  void count_band(std::size_t first_row, std::span<const BitSpan> cohorts,
                  const PeriodSets& periods, CellSink& sink) const;
  void count_row(std::size_t row, BitSpan cohort, const PeriodSets& periods, ChunkSets& sets,
                 CellSink& sink) const;
  // Counts the amounts of a row's users: of the periods of each column, as the mode takes them
  // together.
  void count_amounts(std::size_t row, BitSpan cohort, const PeriodSets& periods, ChunkSets& sets,
                     CellSink& sink) const;
  // Returns the users' amounts, from the first period of `group` after the row's own to the last.
  AmountSum amount_of(std::size_t row, PeriodGroup group, BitSpan users,
                      const ChunkSets& sets) const;

  const SeriesUnion cohort_events_;
  const SeriesUnion return_events_;
  const std::vector<SeriesId> valued_events_;  // where their amounts are
  // In a breakdown by the cohort event, users who join count where an event of the value lies in
  // the cohort's period.
  const std::optional<SeriesUnion> cohort_value_;
  std::int32_t last_returned_ = 0;  // the last period that a cell needs by itself
  LongUnion joined_before_;         // for first_ever: who cannot join any more
  LongUnion returned_after_;        // for on_or_after: past last_returned_
};

std::vector<std::string> joined_notes(const SeriesUnion& a, const SeriesUnion& b) {
  std::vector<std::string> notes = a.notes;
  notes.insert(notes.end(), b.notes.begin(), b.notes.end());
  return notes;
}

RetentionPlan::RetentionPlan(RetentionScope scope, const PlanContext& context,
                             SeriesUnion cohort_events, SeriesUnion return_events,
                             std::optional<SeriesUnion> cohort_value)
    : RetentionTable(std::move(scope), context),
      cohort_events_(std::move(cohort_events)),
      return_events_(std::move(return_events)),
      valued_events_(counted_series(return_events_, context.catalog)),
      cohort_value_(std::move(cohort_value)) {
  if (range_.size() > 0) {
    const std::int64_t last = static_cast<std::int64_t>(range_.last) + groups_.back().last;
    last_returned_ = static_cast<std::int32_t>(std::min<std::int64_t>(last, last_index_));
    const Day first_day = calendar_.first_day(range_.first);
    read_presence(return_events_, {first_day, calendar_.last_day(last_returned_)});
    if (!(cohort_events_ == return_events_)) {
      read_presence(cohort_events_, {first_day, calendar_.last_day(range_.last)});
    }
    if (cohort_value_) {
      read_presence(*cohort_value_, {first_day, calendar_.last_day(range_.last)});
    }
    if (ask_.cohort == Cohort::kFirstEver) {
      joined_before_ = LongUnion::before(cohort_events_, first_day, timeframe_);
    }
    if (ask_.mode == Mode::kOnOrAfter) {
      returned_after_ =
          LongUnion::since(return_events_, calendar_.first_day(last_returned_ + 1), timeframe_);
    }
    tells_amounts_ = has_amounts();
    if (has_amounts()) {
      const Day last_day =
          ask_.mode == Mode::kOnOrAfter ? timeframe_.data.last : calendar_.last_day(last_returned_);
      reads_.amounts.push_back(
          {valued_events_,
           {std::max(first_day, timeframe_.data.first), std::min(last_day, timeframe_.data.last)}});
    }
    joined_before_.add_reads(reads_);
    returned_after_.add_reads(reads_);
  }
  define_table(context, joined_notes(cohort_events_, return_events_));
}

void RetentionPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (range_.size() == 0) return;
  PeriodSets periods;
  periods.returned = sets.active_by_period(return_events_, calendar_, range_.first, last_returned_);
  if (ask_.mode == Mode::kOnOrAfter) {
    periods.later = periods.returned;
    sets.unite_with_later(periods.later, sets.active(returned_after_));
  }

  const bool same_events = cohort_events_ == return_events_;
  MutableSet seen = sets.make_set();
  seen.add(sets.active(joined_before_));
  const std::size_t mark = sets.arena().mark();
  std::vector<BitSpan> cohorts;
  for (std::size_t row = 0; row < range_.size(); ++row) {
    MutableSet newcomers = sets.make_set();
    const std::size_t joined_mark = sets.arena().mark();
    const std::int32_t index = range_.first + static_cast<std::int32_t>(row);
    BitSpan cohort =
        same_events ? periods.returned[row] : sets.active(cohort_events_, calendar_.days(index));
    if (ask_.cohort != Cohort::kRecurring) {
      newcomers.assign(cohort);
      newcomers.remove(seen.span());
      seen.add(cohort);
      cohort = newcomers.span();
    }
    if (cohort_value_) {
      newcomers.assign(cohort);
      newcomers.keep(sets.active(*cohort_value_, calendar_.days(index)));
      cohort = newcomers.span();
    }
    if (!cohort.empty() && cohort.words == newcomers.span().words) {
      sets.arena().give_back_to(joined_mark);
    }
    cohorts.push_back(cohort);
    if (cohorts.size() < kRowsTogether && row + 1 < range_.size()) continue;
    const std::size_t first_row = row + 1 - cohorts.size();
    if (is_band()) {
      count_band(first_row, cohorts, periods, sink);
    } else {
      const std::size_t row_mark = sets.arena().mark();
      for (std::size_t i = 0; i < cohorts.size(); ++i) {
        count_row(first_row + i, cohorts[i], periods, sets, sink);
        if (has_amounts()) count_amounts(first_row + i, cohorts[i], periods, sets, sink);
        sets.arena().give_back_to(row_mark);
      }
    }
    cohorts.clear();
    sets.arena().give_back_to(mark);
  }
}

void RetentionPlan::count_band(std::size_t first_row, std::span<const BitSpan> cohorts,
                               const PeriodSets& periods, CellSink& sink) const {
  const std::size_t first_cell = first_row * cells_per_row();
  for (std::size_t i = 0; i < cohorts.size(); ++i) {
    sink.add(first_cell + i * cells_per_row(), cohorts[i]);
  }
  const std::span columns(ask_.mode == Mode::kOn ? periods.returned : periods.later);
  sink.add_and_band({.first_cell = first_cell + 1,
                     .cells_per_row = cells_per_row(),
                     .width = begun_count_,
                     .rows = cohorts,
                     .columns = columns.subspan(first_row)});
}

void RetentionPlan::count_row(std::size_t row, BitSpan cohort, const PeriodSets& periods,
                              ChunkSets& sets, CellSink& sink) const {
  if (cohort.empty()) return;
  std::size_t cell = row * cells_per_row();
  sink.add(cell++, cohort);
  MutableSet group_set = sets.make_set();  // who returned in some period of the group
  MutableSet reached = sets.make_set();    // who returned up to the group; or whose streak goes on
  if (ask_.mode == Mode::kStreak) reached.assign(cohort);

  for (const PeriodGroup group : groups_) {
    if (!has_begun(row, group)) break;
    const std::size_t first = row + static_cast<std::size_t>(group.first);
    if (ask_.mode == Mode::kOnOrAfter) {
      sink.add_and(cell++, cohort, periods.later[first]);
      continue;
    }
    BitSpan returned = periods.returned[first];
    if (group.first < group.last) {
      const std::size_t last =
          std::min(row + static_cast<std::size_t>(group.last), periods.returned.size() - 1);
      group_set.clear();
      for (std::size_t i = first; i <= last; ++i) group_set.add(periods.returned[i]);
      returned = group_set.span();
    }
    switch (ask_.mode) {
      case Mode::kOn:
      case Mode::kOnOrAfter:
        sink.add_and(cell++, cohort, returned);
        break;
      case Mode::kOnOrBefore:
        reached.add(returned);
        sink.add_and(cell++, cohort, reached.span());
        break;
      case Mode::kStreak:
        reached.keep(returned);
        sink.add(cell++, reached.span());
        break;
    }
  }
}

AmountSum RetentionPlan::amount_of(std::size_t row, PeriodGroup group, BitSpan users,
                                   const ChunkSets& sets) const {
  const std::int32_t own = range_.first + static_cast<std::int32_t>(row);
  const std::int64_t last = std::min<std::int64_t>(std::int64_t{own} + group.last, last_index_);
  return sets.amount(
      valued_events_,
      {calendar_.first_day(own + group.first), calendar_.last_day(static_cast<std::int32_t>(last))},
      users);
}

void RetentionPlan::count_amounts(std::size_t row, BitSpan cohort, const PeriodSets& periods,
                                  ChunkSets& sets, CellSink& sink) const {
  if (cohort.empty()) return;
  std::size_t cell = row * cells_per_row() + 1;  // the size has no amount
  MutableSet reached = sets.make_set();          // whose streak goes on
  MutableSet group_set = sets.make_set();
  reached.assign(cohort);
  AmountSum before = 0;  // of the columns before
  // This covers all columns and what comes after them.
  constexpr std::int32_t kEver = std::numeric_limits<std::int32_t>::max() / 2;
  const AmountSum ever =
      ask_.mode == Mode::kOnOrAfter ? amount_of(row, {0, kEver}, cohort, sets) : 0;
  for (const PeriodGroup group : groups_) {
    if (!has_begun(row, group)) break;
    if (ask_.mode == Mode::kStreak) {
      const std::size_t first = row + static_cast<std::size_t>(group.first);
      const std::size_t last =
          std::min(row + static_cast<std::size_t>(group.last), periods.returned.size() - 1);
      group_set.assign_union(std::span(periods.returned).subspan(first, last - first + 1));
      reached.keep(group_set.span());
    }
    const AmountSum amount = amount_of(row, group, reached.span(), sets);
    switch (ask_.mode) {
      case Mode::kOn:
      case Mode::kStreak:
        sink.add_amount(cell++, amount);
        break;
      case Mode::kOnOrBefore:
        sink.add_amount(cell++, before + amount);
        break;
      case Mode::kOnOrAfter:
        sink.add_amount(cell++, ever - before);
        break;
    }
    before += amount;
  }
}
}  // namespace

PlanResult make_retention_from_aggregates(const Query& query, const PlanContext& context) {
  const auto& ask = std::get<RetentionQuery>(query.ask);
  const bool by_cohort =
      context.value != nullptr && ask.breakdown_match == RetentionQuery::BreakdownMatch::kCohort;
  const auto resolve = [&](std::string_view field, const Selector& selector, bool with_value) {
    return resolve_selector(
        field, selector, with_value ? conditions_of(query, context) : query.common.where, context);
  };
  ROLLCALL_ASSIGN_OR_RETURN(SeriesUnion cohort_events,
                            resolve("retention: cohort_event", ask.cohort_event, !by_cohort));
  ROLLCALL_ASSIGN_OR_RETURN(SeriesUnion return_events,
                            resolve("retention: return_event", ask.return_event, !by_cohort));
  std::optional<SeriesUnion> cohort_value;
  if (by_cohort) {
    ROLLCALL_ASSIGN_OR_RETURN(
        cohort_value, resolve("retention: cohort_event", ask.cohort_event, /*with_value=*/true));
  }
  ROLLCALL_ASSIGN_OR_RETURN(RetentionScope scope, RetentionScope::resolve(query, context));
  auto plan = std::make_unique<RetentionPlan>(std::move(scope), context, std::move(cohort_events),
                                              std::move(return_events), std::move(cohort_value));
  ROLLCALL_RETURN_IF_ERROR(plan->check_size());
  return PlanResult(std::move(plan));
}

}  // namespace rollcall
