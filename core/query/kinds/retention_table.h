// Has the table of a question about retention, whether its cells are counted from aggregates or
// from history.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/query/kinds/kind_row.h"
#include "core/query/plan/table_plan.h"
#include "core/time/calendar.h"

namespace rollcall {

// A column counts the periods `first` to `last` after the cohort's own.
struct PeriodGroup {
  std::int32_t first = 0;
  std::int32_t last = 0;
};

// Both can answer a question unless a field needs history.
PlanResult make_retention_from_aggregates(const Query& query, const PlanContext& context);
// `reason` says why the history does, and goes on from "as ".
PlanResult make_retention_from_history(const Query& query, const PlanContext& context,
                                       std::string_view reason);

// Holds the days and users of the question, and the periods that have rows.
struct RetentionScope {
  // Resolves them after the events of the question.
  //   kInvalidArgument  a date, or too many cells
  static Result<RetentionScope> resolve(const Query& query, const PlanContext& context);

  Query query;  // with the number of periods that was left open
  PeriodScope periods;
};

class RetentionTable : public TablePlan {
 public:
  // A row has these cells: its size, and its users of each column that may begin in time.
  std::size_t cells_per_row() const { return 1 + begun_count_; }
  std::size_t cell_count() const final { return range_.size() * cells_per_row(); }
  bool has_amounts() const final { return ask_.measure == RetentionQuery::Measure::kValue; }
  QueryResult finish(const Partial& counts) const final;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const final;
  //   kInvalidArgument  there are too many cells
  Status check_size() const {
    return check_cell_count("retention", range_.size(), cells_per_row());
  }

 protected:
  using Cohort = RetentionQuery::Cohort;
  using Mode = RetentionQuery::Mode;
  using Summary = RetentionQuery::Summary;
  using BreakdownMatch = RetentionQuery::BreakdownMatch;

  RetentionTable(RetentionScope scope, const PlanContext& context);
  // Sets the definition and the columns, once all reads are known. `event_notes` are those of the
  // selectors.
  void define_table(const PlanContext& context, const std::vector<std::string>& event_notes);
  // Holds the last periods of a row, counted from its own, that have begun and that are complete
  // for all who may be in it. Below 0: there are none.
  struct Reach {
    std::int64_t begun = -1;
    std::int64_t complete = -1;
  };
  Reach reach_of(std::size_t row) const;
  bool has_begun(std::size_t row, PeriodGroup group) const {
    return group.first <= reach_of(row).begun;
  }
  Day first_day(std::size_t row) const {
    return calendar_.first_day(range_.first + static_cast<std::int32_t>(row));
  }

  const Query query_;  // in force
  const RetentionQuery& ask_;
  const Calendar calendar_;
  const PeriodRange range_;
  const std::int32_t last_index_;  // of the period that holds as_of
  const std::vector<PeriodGroup> groups_;
  const std::int64_t window_us_;  // how long a rolling period is; 0: periods are civil
  std::size_t begun_count_ = 0;   // columns that have begun for the first cohort at least

 private:
  std::vector<std::string> notes_of(const Query& query) const;
  std::string_view note_of_value() const;  // of a breakdown
  void add_columns();
  Cell label(PeriodGroup group) const;
  void add_measures(std::size_t cell, std::uint64_t size, bool complete, const Partial& counts,
                    std::vector<Cell>& row) const;
  void add_summary(const Partial& counts, QueryResult& result) const;
  bool is_complete(std::size_t row, PeriodGroup group) const {
    return group.last <= reach_of(row).complete;
  }

  const std::uint32_t decimals_;
  const std::int32_t ended_index_;  // of the last period that has ended
};

}  // namespace rollcall
