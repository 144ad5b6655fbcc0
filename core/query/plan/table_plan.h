// The plans of all kinds share this.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/base/byte_codec.h"
#include "core/query/plan/plan.h"
#include "core/query/plan/quotient.h"
#include "core/query/plan/segment_set.h"
#include "core/query/resolve/time_axis.h"
#include "core/query/resolve/timeframe.h"
#include "core/query/sets/chunk_sets.h"
#include "core/query/text/query_json.h"

namespace rollcall {

// Says which days and users a query looks at.
struct Scope {
  std::string_view kind;
  TimeAxis axis;
  Timeframe timeframe;  // by days of the axis
  TimeUs begin = 0;     // the first instant that the first day of the data holds
  std::optional<SegmentSet> among;
  std::optional<PropertyCondition> value;     // of the context
  QuestionAccount* account = nullptr;         // of the context
  std::shared_ptr<const EventSeries> events;  // of the context
  // Are those of `among`, which goes by the civil days of `days`. They are the same, unless the
  // axis is another one.
  std::shared_ptr<const EventSeries> among_events;
  DayRange days;
  TimeAxis civil;
};
// Resolves the scope of a query. `kind` must outlive the scope.
Result<Scope> resolve_scope(std::string_view kind, const Query& query, const PlanContext& context);

// Says which users and periods a query looks at whose rows go by periods.
struct PeriodScope {
  Scope scope;
  PeriodRange range;
};
// Resolves it for any period. `reach` matters for hours and minutes only.
//   kInvalidArgument  as resolve_scope, resolve_range and resolve_clock
Result<PeriodScope> resolve_periods(std::string_view kind, const Query& query,
                                    const PlanContext& context, Period period,
                                    ClockReach reach = {});
// Says when a row is complete, as a note of the definition.
std::string note_of_complete_rows(Period period);

// Returns the conditions that every selector of the query must meet: its own `where`, and the value
// that the plan is about.
std::vector<PropertyCondition> conditions_of(const Query& query, const PlanContext& context);

// Is a plan whose days are resolved and whose result is begun.
class TablePlan : public Plan {
 public:
  const ReadSet& reads() const final { return reads_; }
  void count(const ChunkSource& chunk, CellSink& sink) const final;
  void tell(const ChunkSource& chunk, BitSpan users, const TellUser& tell) const final;
  void free_scratch() const override {
    arenas_.clear();
    if (among_) among_->free_scratch();
  }
  std::uint64_t digest() const final;
  const QueryResult& heading() const final { return result_; }
  std::span<const std::string> notes() const final { return notes_; }

  // Returns whether the history tells the users of these events, and the pages do not.
  static bool is_from_history(const SeriesUnion& events) {
    return events.series.size() == 1 && EventSeries::is_one(events.series.front());
  }

 protected:
  TablePlan(const Query& query, Scope scope);

  // Counts one chunk, with scratch memory at hand.
  virtual void count(ChunkSets& sets, CellSink& sink) const = 0;
  // Tells of the users whom the sets are limited to.
  virtual void tell(ChunkSets&, const TellUser&) const {}

  // Writes what the cells depend on besides the definition, the days and the value.
  virtual void write_identity(ByteWriter&) const {}

  // Returns the axis of the plan's days.
  const TimeAxis& axis() const { return axis_; }
  // Returns the civil days that have any data, up to as_of.
  DayRange civil_days() const { return days_; }
  // Returns the key of a row that begins with `day`.
  Cell key_of(Day day) const { return axis_.key_of(day); }

  // Returns the account of the question, which may be null.
  QuestionAccount* account() const { return account_; }

  // Takes the memory of one more read of `events`, which will be made.
  void take_read(const SeriesUnion& events) const;
  // Adds a read of the users of `events` on those of `days` that may hold any.
  void read_presence(const SeriesUnion& events, DayRange days);

  // Returns whether the number of users of `events` in a period of `calendar` is kept with the
  // totals of its day. Otherwise, the users themselves have to be read.
  bool keeps_counts(const Query& query, const PlanContext& context, const Calendar& calendar,
                    const SeriesUnion& events) const;
  // Adds a read of totals on those civil days that may have any, and returns these days. They are
  // the next of Partial::totals.
  DayRange read_totals(TotalsRead read);

  // Sets the definition: `fields`, which are those of the query in force; then, with `range`, its
  // dates; then the store's settings and, in plain words, `notes`.
  void define(JsonFields fields, const PlanContext& context, const PeriodRange* range,
              std::vector<std::string> notes);

  // Adds a row of these cells, which takes memory of the question's account until the account ends.
  template <class... Cells>
  void add_row(QueryResult& result, Cells&&... cells) const {
    std::vector<Cell>& row = begin_row(result);
    (row.emplace_back(std::forward<Cells>(cells)), ...);
  }
  void add_row_of(QueryResult& result, std::vector<Cell> cells) const {
    std::vector<Cell>& row = begin_row(result);
    std::move(cells.begin(), cells.end(), std::back_inserter(row));
  }

  const Timeframe timeframe_;
  const std::optional<SegmentSet> among_;
  bool tells_amounts_ = false;  // of events that are found in the history
  ReadSet reads_;
  QueryResult result_;  // kind, as_of and definition; a plan adds columns when it is made

 private:
  // Calls use(sets) with the sets of a chunk; `limit`, unless it is null, are users of `among`.
  template <class Use>
  void with_sets(const ChunkSource& chunk, const BitSpan* limit, Use use) const;
  // Names the history that events of their own are found in.
  void add_history_of_events();
  std::vector<Cell>& begin_row(QueryResult& result) const;

  const std::string breakdown_;
  const std::optional<PropertyCondition> value_;
  std::vector<std::string> notes_;
  QuestionAccount* const account_;
  const TimeAxis axis_;
  const TimeUs begin_;
  const std::shared_ptr<const EventSeries> events_;
  const std::shared_ptr<const EventSeries> among_events_;
  const DayRange days_;
  const TimeAxis civil_;
  mutable SetArenaPool arenas_;
};

// Returns users / size as the nearest double, or null over 0, or if it is not `complete`.
Cell ratio_cell(std::uint64_t users, std::uint64_t size, bool complete);
// Returns what a row of a table takes in memory, while rows are added to it.
constexpr std::size_t bytes_of_row(std::size_t column_count) {
  constexpr std::size_t kBlockBytes = 16;  // of malloc
  return 3 * sizeof(std::vector<Cell>) + kBlockBytes + column_count * sizeof(Cell);
}
// Returns for how many rows memory is taken if a table has `row_count`. This is somewhat ahead,
// because taking memory for each row would take as long as making it.
constexpr std::size_t rows_taken_for(std::size_t row_count) {
  constexpr std::size_t kRowsAhead = 32;
  if (row_count >= kRowsAhead) return (row_count + kRowsAhead - 1) / kRowsAhead * kRowsAhead;
  return row_count == 0 ? 0 : std::bit_ceil(row_count);
}

// Returns `sum` scaled by 10^-decimals, exactly, without trailing zeros.
Cell decimal_cell(AmountSum sum, std::uint32_t decimals);
// Returns the scale of amounts, 10^decimals.
Divisor scale_of(std::uint32_t decimals);
// Returns the scaled `sum` over `divisor` as the nearest double, or null over 0, or if it is not
// `complete`.
Cell quotient_cell(AmountSum sum, std::uint32_t decimals, std::uint64_t divisor, bool complete);
// Returns the median of these numbers of `unit`s, exactly, as the nearest double: that of an even
// number of them is the mean of the middle two. It is null if there are none.
Cell median_cell(std::vector<std::int64_t> numbers, std::uint64_t unit);

inline Cell count_cell(std::uint64_t count) { return static_cast<std::int64_t>(count); }

}  // namespace rollcall
