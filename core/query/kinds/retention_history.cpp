// Retention is counted from history here: a user at a time, event by event in the order of time.
//
// A user joins one cohort, or several if cohorts recur. For each of them, return events are
// gathered by the periods since it, civil or rolling, and what the periods hold decides which cells
// the user is in. Where one event in a rolling period is enough, the others in it are passed over.
#include <algorithm>
#include <bit>
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
#include "core/query/sequence/step_bits.h"
#include "core/query/sequence/step_events.h"

namespace rollcall {
namespace {

// These are the places of the question's events among the steps of StepEvents.
constexpr unsigned kCohortStep = 0;
constexpr unsigned kReturnStep = 1;

// A word has bits for the size of a cohort and for so many periods.
constexpr std::size_t kPeriodsInWord = 63;

// Returns the period that lies so long after an instant. A product stands for the quotient, which
// takes longer.
std::int64_t period_after(std::int64_t since_us, double periods_per_us) {
  return static_cast<std::int64_t>(static_cast<double>(since_us) * periods_per_us);
}

// Returns whether that is right in the first kPeriodsInWord periods of that length. The product
// does not fall as time goes on, so that both ends of a period tell for all that lies between.
bool is_period_after_exact(std::int64_t window_us) {
  const double periods_per_us = 1 / static_cast<double>(window_us);
  for (std::int64_t period = 0; period < static_cast<std::int64_t>(kPeriodsInWord); ++period) {
    const std::int64_t begin = period * window_us, last = begin + window_us - 1;
    if (period_after(begin, periods_per_us) != period) return false;
    if (period_after(last, periods_per_us) != period) return false;
  }
  return true;
}

struct RetentionEvents {
  StepSelectors selectors;
  unsigned first_step = kCohortStep;  // the first event of it has to be a cohort event as well
  unsigned value_step = kCohortStep;  // cohort events of the value that the plan is about
  std::vector<std::string> notes;
};

class RetentionHistory final : public RetentionTable {
 public:
  RetentionHistory(RetentionScope scope, const PlanContext& context, RetentionEvents events,
                   std::string_view reason);

 private:
  struct Scratch;

  // This is the first instant with an event that `first_of` looks at.
  struct FirstInstant {
    TimeUs time = 0;
    bool has_cohort_event = false;
    bool has_value = false;
  };
  // Holds a user's cohort events in a civil period.
  struct CohortPeriod {
    std::int32_t index = 0;
    TimeUs first = 0;
    bool has_value = false;
  };
  // Is a cohort that a user is in.
  struct Joined {
    std::size_t row = 0;
    TimeUs time = 0;  // of the first cohort event in its period
  };
  // Holds a user's return events in a period, which has its civil number, or is so many periods
  // after the cohort's own.
  struct ReturnPeriod {
    std::int64_t period = 0;
    std::uint64_t events = 0;
    AmountSum amount = 0;
  };

  void count(ChunkSets& sets, CellSink& sink) const override;
  void count_events(std::span<const StepEvent> events, const StepEvents& seen, std::uint32_t place,
                    Scratch& scratch, CellSink& sink) const;
  // Does so where the question is decided by bits.
  void count_bits(std::uint32_t place, Scratch& scratch, CellSink& sink) const;
  // Returns which of the periods of the columns have a return event, from the event `first` on,
  // which was at `joined`: bit i is of period i.
  std::uint64_t periods_back(StepBits& bits, std::uint32_t first, TimeUs joined) const;
  std::optional<FirstInstant> first_instant(std::span<const StepEvent> events) const;
  void find_cohort_periods(std::span<const StepEvent> events, Scratch& scratch) const;
  void find_cohorts(std::span<const StepEvent> events, Scratch& scratch) const;
  // Returns the only civil period that the user may join, or nothing if there are several or none.
  std::optional<std::int32_t> joined_period(std::span<const StepEvent> events,
                                            const Scratch& scratch) const;
  void gather_by_period(std::span<const StepEvent> events, const StepEvents& seen,
                        Scratch& scratch) const;
  void gather_returns(std::span<const StepEvent> events, const Joined& joined,
                      const StepEvents& seen, Scratch& scratch) const;
  // Returns what the period of the cohort event holds from that on.
  ReturnPeriod own_period_from(std::span<const StepEvent> events, const Joined& joined,
                               const StepEvents& seen) const;
  void add_return(std::int64_t period, std::size_t place, const StepEvents& seen,
                  std::vector<ReturnPeriod>& periods) const;
  void add_cells(const Joined& joined, std::span<const ReturnPeriod> returns, std::uint32_t place,
                 CellSink& sink) const;
  // Does the same for the modes that look at the columns one by one: `on`, and `streak`.
  void add_single_columns(std::size_t first_cell, std::size_t begun,
                          std::span<const ReturnPeriod> returns, std::uint32_t place,
                          CellSink& sink) const;
  void add_cell(std::size_t cell, AmountSum amount, std::uint32_t place, CellSink& sink) const;

  bool is_back(const ReturnPeriod& period) const {
    return period.events >= static_cast<std::uint64_t>(ask_.min_return_count);
  }
  std::int32_t index_of(TimeUs time) const { return calendar_.index_of(axis().day_of(time)); }
  bool has_row(std::int32_t index) const { return index >= range_.first && index <= range_.last; }
  std::size_t row_of(std::int32_t index) const {
    return static_cast<std::size_t>(index - range_.first);
  }
  // Returns how many columns begin with the period or before it.
  std::size_t columns_until(std::int64_t period) const;

  const RetentionEvents events_;
  // Whether only the first event and whether there is one in each rolling period matter.
  const bool is_by_bits_;
  // Whether each column then is a period of its own, and a word holds them all.
  const bool has_period_columns_;
  std::vector<std::size_t> begun_columns_;  // by row: those that may begin in time
};

struct RetentionHistory::Scratch {
  explicit Scratch(std::size_t step_count) : bits(step_count) {}

  StepBits bits;
  std::vector<CohortPeriod> cohort_periods;  // ascending
  std::vector<Joined> joined;
  std::vector<ReturnPeriod> by_period;  // ascending, of all return events
  std::vector<ReturnPeriod> returns;    // ascending, since a cohort
};

bool is_of(const StepEvent& event, unsigned step) { return (event.steps >> step & 1) != 0; }

RetentionHistory::RetentionHistory(RetentionScope scope, const PlanContext& context,
                                   RetentionEvents events, std::string_view reason)
    : RetentionTable(std::move(scope), context),
      events_([&] {
        events.selectors.tells_amounts = has_amounts();
        events.selectors.end = timeframe_.as_of_time + kUsPerSecond;
        // Every event may matter of users who join once in all history.
        if (ask_.cohort != Cohort::kFirstEver && range_.size() > 0) {
          events.selectors.begin = axis().start_of(first_day(0));
        }
        return std::move(events);
      }()),
      is_by_bits_(window_us_ != 0 && ask_.cohort == Cohort::kFirstEver &&
                  ask_.min_return_count == 1 && !has_amounts() &&
                  events_.first_step == kCohortStep && events_.value_step == kCohortStep),
      has_period_columns_(is_by_bits_ && ask_.mode == Mode::kOn && ask_.brackets.empty() &&
                          groups_.size() <= kPeriodsInWord && is_period_after_exact(window_us_)) {
  if (range_.size() > 0) {
    const bool reads_all = ask_.cohort == Cohort::kFirstEver;
    reads_.read_history(reads_all ? kDayMin : context.zone.day_of(events_.selectors.begin), reason);
  }
  define_table(context, events_.notes);
  if (check_size().ok()) {
    for (std::size_t row = 0; row < range_.size(); ++row) {
      begun_columns_.push_back(columns_until(reach_of(row).begun));
    }
  }
}

void RetentionHistory::count(ChunkSets& sets, CellSink& sink) const {
  if (range_.size() == 0) return;
  StepEvents seen(events_.selectors, account());
  Scratch scratch(events_.selectors.steps.size());
  const auto count_user = [&](UserCursor& cursor, std::uint32_t place) {
    if (!is_by_bits_) {
      return count_events(seen.from_first_step(cursor), seen, place, scratch, sink);
    }
    seen.begin(cursor);
    if (seen.read_bits(scratch.bits)) return count_bits(place, scratch, sink);
    seen.read_rest();
    count_events(seen.events(), seen, place, scratch, sink);
  };
  sets.for_each_history([&](std::size_t run, const LogBlock& block) { seen.open(run, block); },
                        count_user);
}

void RetentionHistory::count_events(std::span<const StepEvent> events, const StepEvents& seen,
                                    std::uint32_t place, Scratch& scratch, CellSink& sink) const {
  if (events.empty()) return;
  find_cohorts(events, scratch);
  if (scratch.joined.empty()) return;
  if (window_us_ == 0) gather_by_period(events, seen, scratch);
  for (const Joined& joined : scratch.joined) {
    gather_returns(events, joined, seen, scratch);
    add_cells(joined, scratch.returns, place, sink);
  }
}

void RetentionHistory::count_bits(std::uint32_t place, Scratch& scratch, CellSink& sink) const {
  StepBits& bits = scratch.bits;
  const std::uint32_t first = bits.next(kCohortStep, 0);
  if (first == bits.event_count()) return;
  const TimeUs joined = bits.time(first);
  const std::int32_t index = index_of(joined);
  if (!has_row(index)) return;
  // Those with more events would look at many of one period.
  const std::size_t few_events = 32 * groups_.size();
  if (has_period_columns_ && bits.event_count() <= few_events) {
    const std::size_t row = row_of(index);
    const std::uint64_t begun = (std::uint64_t{1} << begun_columns_[row]) - 1;
    const std::uint64_t columns = periods_back(bits, first, joined) & begun;
    sink.add_user_to(row * cells_per_row(), columns << 1 | 1, place);
    return;
  }
  // Returns the first event from `from` on that lies in the period or later. Most are near.
  const auto window = static_cast<std::uint64_t>(window_us_);
  const auto first_in = [&](std::uint64_t period, std::uint32_t from) {
    const std::uint64_t begin = period * window;
    const auto is_before = [&](std::uint32_t event) {
      return elapsed(joined, bits.time(event)) < begin;
    };
    std::uint32_t end = from;  // events before `from` lie before the period
    for (std::uint32_t step = 1; end < bits.event_count() && is_before(end); step *= 2) {
      from = end + 1;
      end += std::min(step, bits.event_count() - end);
    }
    while (from < end) {
      const std::uint32_t middle = from + (end - from) / 2;
      if (is_before(middle)) {
        from = middle + 1;
      } else {
        end = middle;
      }
    }
    return end;
  };
  // What comes after the last column matters only to those of users who are back then or later.
  const bool has_end = ask_.mode != Mode::kOnOrAfter && !groups_.empty();
  const std::int64_t last_period =
      has_end ? groups_.back().last : std::numeric_limits<std::int64_t>::max();
  scratch.returns.clear();
  std::uint64_t period = 0;
  for (std::uint32_t at = bits.next(kReturnStep, first); at < bits.event_count();) {
    // Most come in the next period, which spares a division.
    const std::uint64_t since = elapsed(joined, bits.time(at));
    if (since - period * window >= window) period = since / window;
    if (static_cast<std::int64_t>(period) > last_period) break;
    ReturnPeriod& found = scratch.returns.emplace_back();
    found.period = static_cast<std::int64_t>(period);
    found.events = 1;
    at = bits.next(kReturnStep, first_in(++period, at + 1));
  }
  add_cells({row_of(index), joined}, scratch.returns, place, sink);
}

std::uint64_t RetentionHistory::periods_back(StepBits& bits, std::uint32_t first,
                                             TimeUs joined) const {
  const auto end = window_us_ * static_cast<std::int64_t>(groups_.size());
  const double periods_per_us = 1 / static_cast<double>(window_us_);
  std::uint64_t periods = 0;
  std::uint64_t skipped = ~std::uint64_t{0} << (first % 64);
  for (std::size_t word = first / 64; word < bits.word_count(); ++word) {
    std::uint64_t rest = bits.word(kReturnStep, word) & skipped;
    skipped = ~std::uint64_t{0};
    for (; rest != 0; rest &= rest - 1) {
      const auto event =
          static_cast<std::uint32_t>(64 * word) + static_cast<unsigned>(std::countr_zero(rest));
      const std::int64_t since = bits.time(event) - joined;
      if (since >= end) return periods;
      periods |= std::uint64_t{1} << period_after(since, periods_per_us);
    }
  }
  return periods;
}

std::optional<RetentionHistory::FirstInstant> RetentionHistory::first_instant(
    std::span<const StepEvent> events) const {
  const auto first = std::ranges::find_if(events, [&](const StepEvent& event) {
    return is_of(event, events_.first_step) &&
           (ask_.cohort == Cohort::kFirstEver || has_row(index_of(event.time)));
  });
  if (first == events.end()) return {};
  FirstInstant instant{.time = first->time};
  for (auto event = first; event != events.end() && event->time == first->time; ++event) {
    instant.has_cohort_event = instant.has_cohort_event || is_of(*event, kCohortStep);
    instant.has_value = instant.has_value || is_of(*event, events_.value_step);
  }
  return instant;
}

void RetentionHistory::find_cohort_periods(std::span<const StepEvent> events,
                                           Scratch& scratch) const {
  std::vector<CohortPeriod>& periods = scratch.cohort_periods;
  periods.clear();
  for (const StepEvent& event : events) {
    if (!is_of(event, kCohortStep)) continue;
    const std::int32_t index = index_of(event.time);
    // Where clocks go back over midnight, a later instant may be of an earlier day.
    auto period = std::ranges::lower_bound(periods, index, {}, &CohortPeriod::index);
    if (period == periods.end() || period->index != index) {
      period = periods.insert(period, {.index = index, .first = event.time});
    }
    period->has_value = period->has_value || is_of(event, events_.value_step);
  }
}

std::optional<std::int32_t> RetentionHistory::joined_period(std::span<const StepEvent> events,
                                                            const Scratch& scratch) const {
  const std::vector<CohortPeriod>& periods = scratch.cohort_periods;
  if (ask_.cohort == Cohort::kFirstInRange) {
    const auto first = std::ranges::lower_bound(periods, range_.first, {}, &CohortPeriod::index);
    if (first == periods.end()) return {};
    return first->index;
  }
  if (events_.first_step == kCohortStep) return periods.front().index;
  const std::optional<FirstInstant> first = first_instant(events);
  if (!first || !first->has_cohort_event) return {};
  return index_of(first->time);
}

void RetentionHistory::find_cohorts(std::span<const StepEvent> events, Scratch& scratch) const {
  scratch.joined.clear();
  if (window_us_ != 0) {
    const std::optional<FirstInstant> first = first_instant(events);
    if (!first || !first->has_cohort_event || !first->has_value) return;
    const std::int32_t index = index_of(first->time);
    if (has_row(index)) scratch.joined.push_back({row_of(index), first->time});
    return;
  }
  find_cohort_periods(events, scratch);
  const bool joins_once = ask_.cohort != Cohort::kRecurring;
  const std::optional<std::int32_t> only =
      joins_once ? joined_period(events, scratch) : std::nullopt;
  if (joins_once && !only) return;
  for (const CohortPeriod& period : scratch.cohort_periods) {
    const bool joins = has_row(period.index) && (!joins_once || period.index == *only);
    if (joins && period.has_value) scratch.joined.push_back({row_of(period.index), period.first});
  }
}

void RetentionHistory::add_return(std::int64_t period, std::size_t place, const StepEvents& seen,
                                  std::vector<ReturnPeriod>& periods) const {
  auto found = periods.end();
  if (periods.empty() || periods.back().period < period) {
    found = periods.insert(found, {.period = period});
  } else {
    found = std::ranges::lower_bound(periods, period, {}, &ReturnPeriod::period);
    if (found->period != period) found = periods.insert(found, {.period = period});
  }
  ++found->events;
  if (has_amounts()) found->amount += seen.amount_of(place);
}

void RetentionHistory::gather_by_period(std::span<const StepEvent> events, const StepEvents& seen,
                                        Scratch& scratch) const {
  scratch.by_period.clear();
  for (std::size_t place = 0; place < events.size(); ++place) {
    if (!is_of(events[place], kReturnStep)) continue;
    add_return(index_of(events[place].time), place, seen, scratch.by_period);
  }
}

void RetentionHistory::gather_returns(std::span<const StepEvent> events, const Joined& joined,
                                      const StepEvents& seen, Scratch& scratch) const {
  std::vector<ReturnPeriod>& returns = scratch.returns;
  returns.clear();
  if (window_us_ != 0) {
    const auto begin = std::ranges::lower_bound(events, joined.time, {}, &StepEvent::time);
    const auto window = static_cast<std::uint64_t>(window_us_);
    // Most events lie in the period of the one before, which spares a division.
    std::uint64_t period_begin = 0;
    for (auto event = begin; event != events.end(); ++event) {
      if (!is_of(*event, kReturnStep)) continue;
      const std::uint64_t since = elapsed(joined.time, event->time);
      if (returns.empty() || since - period_begin >= window) {
        const std::uint64_t period = since / window;
        period_begin = period * window;
        returns.emplace_back().period = static_cast<std::int64_t>(period);
      }
      ++returns.back().events;
      if (!has_amounts()) continue;
      const auto place = static_cast<std::size_t>(event - events.begin());
      returns.back().amount += seen.amount_of(place);
    }
    return;
  }
  const std::int64_t own = range_.first + static_cast<std::int64_t>(joined.row);
  auto period = std::ranges::lower_bound(scratch.by_period, own, {}, &ReturnPeriod::period);
  for (; period != scratch.by_period.end(); ++period) {
    returns.push_back({period->period - own, period->events, period->amount});
  }
  if (ask_.value_from != RetentionQuery::ValueFrom::kCohortEvent || returns.empty() ||
      returns.front().period != 0) {
    return;
  }
  returns.front() = own_period_from(events, joined, seen);
  if (returns.front().events == 0) returns.erase(returns.begin());
}

RetentionHistory::ReturnPeriod RetentionHistory::own_period_from(std::span<const StepEvent> events,
                                                                 const Joined& joined,
                                                                 const StepEvents& seen) const {
  ReturnPeriod own;
  const auto begin = std::ranges::lower_bound(events, joined.time, {}, &StepEvent::time);
  for (auto event = begin; event != events.end(); ++event) {
    const std::int32_t index = index_of(event->time);
    if (!is_of(*event, kReturnStep) || !has_row(index) || row_of(index) != joined.row) continue;
    ++own.events;
    own.amount += seen.amount_of(static_cast<std::size_t>(event - events.begin()));
  }
  return own;
}

std::size_t RetentionHistory::columns_until(std::int64_t period) const {
  if (period < 0) return 0;
  if (ask_.brackets.empty()) {
    return static_cast<std::size_t>(
        std::min(period + 1, static_cast<std::int64_t>(groups_.size())));
  }
  const auto after = std::ranges::upper_bound(groups_, period, {}, &PeriodGroup::first);
  return static_cast<std::size_t>(after - groups_.begin());
}

void RetentionHistory::add_cell(std::size_t cell, AmountSum amount, std::uint32_t place,
                                CellSink& sink) const {
  sink.add_user(cell, place);
  if (has_amounts()) sink.add_amount(cell, amount);
}

void RetentionHistory::add_single_columns(std::size_t first_cell, std::size_t begun,
                                          std::span<const ReturnPeriod> returns,
                                          std::uint32_t place, CellSink& sink) const {
  std::size_t streak = 0;  // columns that it goes through
  for (std::size_t i = 0; i < returns.size();) {
    const std::size_t column = columns_until(returns[i].period) - 1;
    if (column >= begun || returns[i].period > groups_[column].last) return;
    bool is_back_then = false;
    AmountSum amount = 0;
    for (; i < returns.size() && returns[i].period <= groups_[column].last; ++i) {
      is_back_then = is_back_then || is_back(returns[i]);
      amount += returns[i].amount;
    }
    if (ask_.mode == Mode::kStreak && (column != streak || !is_back_then)) return;
    ++streak;
    if (is_back_then) add_cell(first_cell + column, amount, place, sink);
  }
}

void RetentionHistory::add_cells(const Joined& joined, std::span<const ReturnPeriod> returns,
                                 std::uint32_t place, CellSink& sink) const {
  const std::size_t size_cell = joined.row * cells_per_row();
  const std::size_t first_cell = size_cell + 1;
  const std::size_t begun = begun_columns_[joined.row];
  sink.add_user(size_cell, place);
  if (ask_.mode == Mode::kOn || ask_.mode == Mode::kStreak) {
    add_single_columns(first_cell, begun, returns, place, sink);
    return;
  }
  AmountSum amount = 0;
  auto next = returns.begin();
  if (ask_.mode == Mode::kOnOrBefore) {
    bool is_back_by_then = false;
    for (std::size_t column = 0; column < begun; ++column) {
      for (; next != returns.end() && next->period <= groups_[column].last; ++next) {
        is_back_by_then = is_back_by_then || is_back(*next);
        amount += next->amount;
      }
      if (is_back_by_then) add_cell(first_cell + column, amount, place, sink);
    }
    return;
  }
  std::int64_t last_back = -1;
  for (const ReturnPeriod& period : returns) {
    amount += period.amount;
    if (is_back(period)) last_back = period.period;
  }
  const std::size_t columns = std::min(begun, columns_until(last_back));
  for (std::size_t column = 0; column < columns; ++column) {
    for (; next->period < groups_[column].first; ++next) amount -= next->amount;
    add_cell(first_cell + column, amount, place, sink);
  }
}

// Resolves what the events of the question are, in the order of their steps.
class RetentionEventsResolver {
 public:
  RetentionEventsResolver(const Query& query, const PlanContext& context)
      : query_(query), context_(context), ask_(std::get<RetentionQuery>(query.ask)) {}

  Result<RetentionEvents> resolve() {
    const bool by_cohort = context_.value != nullptr &&
                           ask_.breakdown_match == RetentionQuery::BreakdownMatch::kCohort;
    ROLLCALL_RETURN_IF_ERROR(add("retention: cohort_event", ask_.cohort_event, !by_cohort));
    ROLLCALL_RETURN_IF_ERROR(add("retention: return_event", ask_.return_event, !by_cohort));
    if (ask_.first_of == RetentionQuery::FirstOf::kName) {
      Selector named = ask_.cohort_event;
      named.where.clear();
      events_.first_step = next_step();
      ROLLCALL_RETURN_IF_ERROR(add("retention: cohort_event", named, !by_cohort));
    }
    if (by_cohort) {
      events_.value_step = next_step();
      ROLLCALL_RETURN_IF_ERROR(
          add("retention: cohort_event", ask_.cohort_event, /*with_value=*/true));
    }
    return std::move(events_);
  }

 private:
  unsigned next_step() const { return static_cast<unsigned>(events_.selectors.steps.size()); }

  Status add(std::string_view field, const Selector& selector, bool with_value) {
    ROLLCALL_ASSIGN_OR_RETURN(
        EventSelector resolved,
        resolve_event_selector(field, selector,
                               with_value ? conditions_of(query_, context_) : query_.common.where,
                               context_.catalog));
    events_.notes.insert(events_.notes.end(), resolved.notes.begin(), resolved.notes.end());
    events_.selectors.steps.push_back(std::move(resolved));
    return {};
  }

  const Query& query_;
  const PlanContext& context_;
  const RetentionQuery& ask_;
  RetentionEvents events_;
};

}  // namespace

PlanResult make_retention_from_history(const Query& query, const PlanContext& context,
                                       std::string_view reason) {
  ROLLCALL_ASSIGN_OR_RETURN(RetentionEvents events,
                            RetentionEventsResolver(query, context).resolve());
  ROLLCALL_ASSIGN_OR_RETURN(RetentionScope scope, RetentionScope::resolve(query, context));
  auto plan =
      std::make_unique<RetentionHistory>(std::move(scope), context, std::move(events), reason);
  ROLLCALL_RETURN_IF_ERROR(plan->check_size());
  return PlanResult(std::move(plan));
}

}  // namespace rollcall
