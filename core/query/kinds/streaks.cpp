// Streaks counts users by how many days in a row they were active: now, and at most.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/query/kinds/kind_rows.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/plan/table_plan.h"
#include "core/query/sets/vertical_count.h"
#include "core/query/text/explanation.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/selector_json.h"

namespace rollcall {
namespace {

// There are two cells for each length of a streak, from 1 day: first all of current ones, then all
// of longest ones.
class StreaksPlan final : public TablePlan {
 public:
  StreaksPlan(const Query& query, const PlanContext& context, Scope scope, PeriodRange range,
              SeriesUnion events);

  std::size_t cell_count() const override { return 2 * length_count(); }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override;

 private:
  void count(ChunkSets& sets, CellSink& sink) const override;

  // No streak is longer than the days of the range that may have events.
  std::size_t length_count() const {
    return days_.empty() ? 0 : static_cast<std::size_t>(days_.size());
  }

  const SeriesUnion events_;
  const bool has_ended_;
  DayRange days_;
};

StreaksPlan::StreaksPlan(const Query& query, const PlanContext& context, Scope scope,
                         PeriodRange range, SeriesUnion events)
    : TablePlan(query, std::move(scope)), events_(std::move(events)), has_ended_(range.has_ended) {
  if (range.size() > 0) {
    const Calendar days(Period::kDay, context.settings.week_start);
    days_ = {std::max(days.first_day(range.first), timeframe_.data.first),
             std::min(days.last_day(range.last), timeframe_.data.last)};
    read_presence(events_, days_);
  }
  std::vector<std::string> notes = {
      "a streak is a run of days in a row with such an event, within the range; each user counts "
      "once in users_longest, with the longest",
      "users_current are those whose streak ends on the day of as_of, or on the day before, as "
      "that day may not be over",
      "rows end with the longest streak; they are complete when the range has ended at as_of"};
  notes.insert(notes.end(), events_.notes.begin(), events_.notes.end());
  define(fields_of(query), context, &range, std::move(notes));
  result_.columns = {{"days", ColumnType::kInt},
                     {"users_current", ColumnType::kCount},
                     {"users_longest", ColumnType::kCount},
                     {"complete", ColumnType::kBool}};
  result_.pivot = Pivot{.rows = {"days"}, .cells = "users_longest"};
}

void StreaksPlan::count(ChunkSets& sets, CellSink& sink) const {
  if (days_.empty()) return;
  VerticalCount streak(sets, length_count());
  VerticalCount longest(sets, length_count());
  MutableSet longer = sets.make_set();
  std::uint64_t* const buffer = sets.arena().take();
  const std::size_t mark = sets.arena().mark();
  for (Day day = days_.first; day <= days_.last; day = day + 1) {
    const BitSpan active = sets.active(events_, {day, day});
    // A streak that is as long as the longest becomes the longest when it goes on.
    longer.assign(active);
    longer.keep(streak.equal(longest, buffer));
    longest.add(longer.span());
    streak.add(active);
    // On the day of as_of itself, a streak goes on even without an event.
    if (day != timeframe_.last_day) streak.restart_others(active);
    sets.arena().give_back_to(mark);
  }
  if (days_.last >= timeframe_.last_day - 1) streak.add_each(sink, 0);
  longest.add_each(sink, length_count());
}

QueryResult StreaksPlan::finish(const Partial& counted) const {
  QueryResult result = result_;
  const auto current = std::span(counted.cells).first(length_count());
  const auto longest = std::span(counted.cells).last(length_count());
  std::size_t row_count = length_count();
  while (row_count > 0 && longest[row_count - 1] == 0) --row_count;
  for (std::size_t i = 0; i < row_count; ++i) {
    add_row(result, static_cast<std::int64_t>(i) + 1, count_cell(current[i]),
            count_cell(longest[i]), has_ended_);
  }
  return result;
}

std::vector<std::size_t> StreaksPlan::cells_of(std::size_t row, std::string_view column) const {
  if (column == "users_current") return {row};
  if (column == "users_longest") return {length_count() + row};
  return {};
}

PlanResult plan(const StreaksQuery& ask, const Query& query, const PlanContext& context) {
  ROLLCALL_ASSIGN_OR_RETURN(
      SeriesUnion events,
      resolve_selector("streaks: event", ask.event, conditions_of(query, context), context));
  ROLLCALL_ASSIGN_OR_RETURN(PeriodScope days,
                            resolve_periods("streaks", query, context, Period::kDay));
  ROLLCALL_RETURN_IF_ERROR(check_cell_count("streaks", days.range.size(), 2));
  return PlanResult(std::make_unique<StreaksPlan>(query, context, std::move(days.scope),
                                                  std::move(days.range), std::move(events)));
}

// --- The row. ---

constexpr QueryField kStreaksFields[] = {kEventField};

Status parse(const QueryObject& object, StreaksQuery& ask) {
  return object.read({selector_field("event", ask.event)});
}

JsonFields write(const StreaksQuery& ask) { return {{"event", selector_json(ask.event)}}; }

Status check(const StreaksQuery& ask) { return check_selector("event", ask.event); }

std::string describe(const StreaksQuery& ask) {
  return fmt::format(
      "For each number of days: users who had {} on exactly so many days in a row, up to the day "
      "of as_of or the day before (users_current), and at most (users_longest).",
      event_words(ask.event));
}

Period period_of_rows(const StreaksQuery&) { return Period::kDay; }

}  // namespace

const KindRow<StreaksQuery>& row_of(std::type_identity<StreaksQuery>) {
  static constexpr std::string_view kExamples[] = {R"({"kind": "streaks", "event": "login"})"};
  static constexpr KindRow<StreaksQuery> kRow = {
      .kind = {.name = "streaks",
               .summary = "How many days in a row users are active",
               .fields = kStreaksFields,
               .examples = kExamples,
               .chart = "users_longest"},
      .parse = parse,
      .write = write,
      .check = check,
      .describe = describe,
      .plan = plan,
      .row_period = period_of_rows,
      .ranked_event = own_event};
  return kRow;
}

}  // namespace rollcall
