#include "core/query/plan/table_plan.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <limits>
#include <string>
#include <utility>

#include "core/query/plan/answer_sources.h"
#include "core/query/sequence/event_days.h"

namespace rollcall {

Result<Scope> resolve_scope(std::string_view kind, const Query& query, const PlanContext& context) {
  Scope scope;
  scope.kind = kind;
  scope.axis = scope.civil = TimeAxis(context.zone);
  scope.account = context.account;
  if (context.value != nullptr) scope.value = *context.value;
  scope.events = context.events;
  scope.among_events = context.events;
  ROLLCALL_ASSIGN_OR_RETURN(scope.timeframe, resolve_timeframe(kind, query.common, context));
  scope.days = scope.timeframe.data;
  scope.begin = context.zone.start_of(scope.days.first);
  if (query.common.among) {
    ROLLCALL_ASSIGN_OR_RETURN(
        scope.among, SegmentSet::resolve(fmt::format("{}: among", kind), *query.common.among, {},
                                         context, scope.timeframe));
  }
  return scope;
}

Result<PeriodScope> resolve_periods(std::string_view kind, const Query& query,
                                    const PlanContext& context, Period period, ClockReach reach) {
  PeriodScope resolved;
  if (!is_by_clock(period)) {
    ROLLCALL_ASSIGN_OR_RETURN(resolved.scope, resolve_scope(kind, query, context));
    ROLLCALL_ASSIGN_OR_RETURN(resolved.range,
                              resolve_range(kind, query.common, context, resolved.scope.timeframe,
                                            Calendar(period, context.settings.week_start)));
    return resolved;
  }
  PlanContext of_among = with_events(query, context);
  ROLLCALL_ASSIGN_OR_RETURN(resolved.scope, resolve_scope(kind, query, of_among));
  Scope& scope = resolved.scope;
  ROLLCALL_ASSIGN_OR_RETURN(
      ClockFrame frame, resolve_clock(kind, query.common, context, scope.timeframe, period, reach));
  scope.axis = std::move(frame.axis);
  scope.timeframe = std::move(frame.timeframe);
  scope.begin = frame.begin;
  scope.events = context.events;
  resolved.range = std::move(frame.range);
  return resolved;
}

std::string note_of_complete_rows(Period period) {
  return is_by_clock(period) ? "a row is complete when its last second has passed at as_of"
                             : "a row is complete when its last day has ended at as_of";
}

std::vector<PropertyCondition> conditions_of(const Query& query, const PlanContext& context) {
  std::vector<PropertyCondition> conditions = query.common.where;
  if (context.value != nullptr) conditions.push_back(*context.value);
  return conditions;
}

TablePlan::TablePlan(const Query& query, Scope scope)
    : timeframe_(std::move(scope.timeframe)),
      among_(std::move(scope.among)),
      breakdown_(query.common.breakdown),
      value_(std::move(scope.value)),
      account_(scope.account),
      axis_(std::move(scope.axis)),
      begin_(scope.begin),
      events_(std::move(scope.events)),
      among_events_(std::move(scope.among_events)),
      days_(scope.days),
      civil_(std::move(scope.civil)),
      arenas_(scope.account) {
  if (among_) among_->add_reads(reads_);
  reads_.is_by_clock = axis_.is_by_clock();
  for (const std::string& reason : among_events_->reasons()) reads_.read_history(reason);
  add_history_of_events();
  result_.kind = scope.kind;
  result_.as_of = timeframe_.as_of;
}

void TablePlan::add_history_of_events() {
  const bool all_before = begin_ == std::numeric_limits<TimeUs>::min();
  for (const std::string& reason : events_->reasons()) {
    if (axis_.is_by_clock()) {
      reads_.read_history(all_before ? kDayMin : civil_.day_of(begin_), reason);
    } else {
      reads_.read_history(reason);
    }
  }
}

std::uint64_t TablePlan::digest() const {
  std::string identity;
  ByteWriter writer(identity);
  writer.text(result_.kind);
  for (const auto& [name, value] : result_.definition) {
    // Notes may tell what one of the stores has seen.
    if (name == "notes") continue;
    writer.text(name);
    writer.text(value);
  }
  writer.zigzag(timeframe_.as_of_time);
  writer.zigzag(timeframe_.data.first.value);
  writer.zigzag(timeframe_.data.last.value);
  if (axis_.is_by_clock()) {
    writer.zigzag(days_.first.value);
    writer.zigzag(days_.last.value);
  }
  if (value_) {
    writer.text(value_->property);
    writer.byte(static_cast<std::uint8_t>(value_->test));
    for (const std::string& value : value_->values) writer.text(value);
  }
  if (among_) among_->write_identity(writer);
  write_identity(writer);
  return XXH3_64bits(identity.data(), identity.size());
}

template <class Use>
void TablePlan::with_sets(const ChunkSource& chunk, const BitSpan* limit, Use use) const {
  SetArenaPool::Lease lease(arenas_, chunk.word_count());
  const TimeUs end = timeframe_.as_of_time + kUsPerSecond;
  const EventDays events(chunk, *events_, {axis_, timeframe_.data, begin_, end, tells_amounts_},
                         account_);
  // Most plans have no such series, and read the chunk without a detour.
  const auto source_of = [&chunk](const EventSeries& series,
                                  const EventDays& days) -> const ChunkSource& {
    return series.selectors().empty() ? chunk : static_cast<const ChunkSource&>(days);
  };
  ChunkSets sets(source_of(*events_, events), lease.arena(), timeframe_.data);
  if (limit != nullptr) {
    sets.limit_to(*limit);
  } else if (among_ && !axis_.is_by_clock()) {
    sets.limit_to(among_->evaluate(sets));
  } else if (among_) {
    const EventDays::Scope civil = {civil_, days_, civil_.start_of(days_.first), end};
    const EventDays among_events(chunk, *among_events_, civil, account_);
    ChunkSets among_sets(source_of(*among_events_, among_events), lease.arena(), days_);
    sets.limit_to(among_->evaluate(among_sets));
  }
  use(sets);
}

void TablePlan::count(const ChunkSource& chunk, CellSink& sink) const {
  with_sets(chunk, nullptr, [&](ChunkSets& sets) { count(sets, sink); });
}

void TablePlan::tell(const ChunkSource& chunk, BitSpan users, const TellUser& tell_user) const {
  with_sets(chunk, &users, [&](ChunkSets& sets) { tell(sets, tell_user); });
}

std::vector<Cell>& TablePlan::begin_row(QueryResult& result) const {
  if (account_ != nullptr) {
    const std::size_t count = result.rows.size();
    if (count == rows_taken_for(count)) {
      const std::size_t more = rows_taken_for(count + 1) - count;
      account_->take(more * bytes_of_row(result.columns.size()), QuestionNeed::kRows);
      account_->check();
    }
  }
  std::vector<Cell>& row = result.rows.emplace_back();
  row.reserve(result.columns.size());
  return row;
}

void TablePlan::take_read(const SeriesUnion& events) const {
  if (account_ == nullptr) return;
  account_->take(2 * (sizeof(LongUnion) + events.series.size() * sizeof(SeriesId)),
                 QuestionNeed::kReads);
}

void TablePlan::read_presence(const SeriesUnion& events, DayRange days) {
  const DayRange read = {std::max(days.first, timeframe_.data.first),
                         std::min(days.last, timeframe_.data.last)};
  if (!read.empty()) reads_.presence.push_back({events.series, read});
}

bool TablePlan::keeps_counts(const Query& query, const PlanContext& context,
                             const Calendar& calendar, const SeriesUnion& events) const {
  // With a breakdown, all values have to be read alike.
  return calendar.period() == Period::kDay && events.series.size() == 1 &&
         !is_from_history(events) && !among_ && !query.common.members && context.value == nullptr;
}

DayRange TablePlan::read_totals(TotalsRead read) {
  read.days = {std::max(read.days.first, days_.first), std::min(read.days.last, days_.last)};
  const DayRange days = read.days;
  if (!days.empty()) reads_.totals.push_back(std::move(read));
  return days;
}

void TablePlan::define(JsonFields fields, const PlanContext& context, const PeriodRange* range,
                       std::vector<std::string> notes) {
  if (context.settings.history) {
    add_history_of_events();
    fields.emplace_back("answered_from", quote(answered_from(reads_)));
  }
  if (among_) among_->add_notes(notes);
  if (!breakdown_.empty()) {
    notes.push_back(
        fmt::format("a user with several values of {} counts for each of them; shown are "
                    "those with the most users in the range, and the rest together, each "
                    "user once, as \"{}\"",
                    breakdown_, kOtherName));
  }
  if (range != nullptr) {
    fields.emplace_back("from", range->from.empty() ? "null" : quote(range->from));
    fields.emplace_back("to", range->to.empty() ? "null" : quote(range->to));
  }
  const bool monday = context.settings.week_start == WeekStart::kMonday;
  fields.emplace_back("timezone", quote(context.settings.time_zone));
  fields.emplace_back("week_start", quote(monday ? "monday" : "sunday"));
  notes_ = notes;
  for (std::string& note : notes) note = quote(note);
  fields.emplace_back("notes", fmt::format("[{}]", fmt::join(notes, ", ")));
  result_.definition = std::move(fields);
  result_.value_decimals = context.settings.value_decimals;
}

Cell ratio_cell(std::uint64_t users, std::uint64_t size, bool complete) {
  if (size == 0 || !complete) return std::monostate{};
  return nearest_quotient(AmountSum{users}, size);
}

Cell decimal_cell(AmountSum sum, std::uint32_t decimals) {
  // These are the digits of |sum|, as many as the point needs. The magnitude is unsigned, because
  // that of the smallest sum is not a sum.
  __extension__ using Magnitude = unsigned __int128;
  Magnitude rest =
      sum < 0 ? Magnitude{0} - static_cast<Magnitude>(sum) : static_cast<Magnitude>(sum);
  std::string text;
  for (std::uint32_t digit = 0; rest != 0 || digit <= decimals; ++digit) {
    if (digit == decimals && digit != 0) {
      text.erase(0, std::min(text.find_first_not_of('0'), text.size()));  // backwards as yet
      if (!text.empty()) text += '.';
    }
    text += static_cast<char>('0' + static_cast<int>(rest % 10));
    rest /= 10;
  }
  if (sum < 0) text += '-';
  return std::string(text.rbegin(), text.rend());
}

Cell quotient_cell(AmountSum sum, std::uint32_t decimals, std::uint64_t divisor, bool complete) {
  if (divisor == 0 || !complete) return std::monostate{};
  return nearest_quotient(sum, scale_of(decimals) * divisor);
}

Cell median_cell(std::vector<std::int64_t> numbers, std::uint64_t unit) {
  if (numbers.empty()) return std::monostate{};
  const auto middle = numbers.begin() + static_cast<std::ptrdiff_t>(numbers.size() / 2);
  std::ranges::nth_element(numbers, middle);
  if (numbers.size() % 2 == 1) return nearest_quotient(AmountSum{*middle}, unit);
  const std::int64_t below = *std::max_element(numbers.begin(), middle);
  return nearest_quotient(AmountSum{below} + *middle, Divisor{2} * unit);
}

Divisor scale_of(std::uint32_t decimals) {
  Divisor scale = 1;
  for (std::uint32_t i = 0; i < decimals; ++i) scale *= 10;
  return scale;
}

}  // namespace rollcall
