// Idle: users by whole days since their last event, at as_of.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/query/plan/plans.h"
#include "core/query/plan/table_plan.h"

namespace rollcall {
namespace {

// Idle for `from` to `to` days; without a `to`, for `from` or more.
struct Bucket {
  std::int32_t from = 0;
  std::optional<std::int32_t> to;
};

std::vector<Bucket> make_buckets(const IdleQuery& ask, const Timeframe& timeframe) {
  std::vector<Bucket> buckets;
  if (ask.each_day) {
    const std::int32_t longest =
        timeframe.data.empty() ? -1 : timeframe.last_day - timeframe.data.first;
    for (std::int32_t days = 0; days <= longest; ++days) buckets.push_back({days, days});
    return buckets;
  }
  for (const std::int32_t edge : ask.edges) {
    if (!buckets.empty()) buckets.back().to = edge - 1;
    buckets.push_back({edge, std::nullopt});
  }
  return buckets;
}

class IdlePlan final : public TablePlan {
 public:
  IdlePlan(const Query& query, const PlanContext& context, Scope scope, SeriesUnion events);

  std::size_t cell_count() const override { return buckets_.size(); }
  QueryResult finish(const Partial& counts) const override;
  std::vector<std::size_t> cells_of(std::size_t row, std::string_view column) const override;

 private:
  void count(ChunkSets& sets, CellSink& sink) const override;

  const IdleQuery ask_;
  const SeriesUnion events_;
  std::vector<Bucket> buckets_;
  bool from_last_days_ = false;  // else day by day
};

IdlePlan::IdlePlan(const Query& query, const PlanContext& context, Scope scope, SeriesUnion events)
    : TablePlan(query, std::move(scope)),
      ask_(std::get<IdleQuery>(query.ask)),
      events_(std::move(events)) {
  if (!context.days.empty()) buckets_ = make_buckets(ask_, timeframe_);
  from_last_days_ = prefers_last_days(events_, timeframe_.data, timeframe_);
  if (from_last_days_) {
    reads_.bounds.push_back({events_.series});
  } else {
    read_presence(events_, timeframe_.data);
  }
  std::vector<std::string> notes = {
      "days are counted from the day of a user's last event to that of as_of, ended or not",
      "share is that of all users with an event up to as_of"};
  notes.insert(notes.end(), events_.notes.begin(), events_.notes.end());
  define(query, context, nullptr, std::move(notes));
  result_.columns = {{"from_days", ColumnType::kInt},
                     {"to_days", ColumnType::kInt},
                     {"users", ColumnType::kCount},
                     {"share", ColumnType::kRatio}};
  result_.pivot = Pivot{.rows = {"from_days", "to_days"}, .cells = "users", .rate = "share"};
}

void IdlePlan::count(ChunkSets& sets, CellSink& sink) const {
  MutableSet seen = sets.make_set();  // later than in the bucket
  const std::size_t mark = sets.arena().mark();
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    const DayRange days = {
        buckets_[i].to ? timeframe_.last_day - *buckets_[i].to : timeframe_.data.first,
        timeframe_.last_day - buckets_[i].from};
    const BitSpan users =
        from_last_days_ ? sets.with_last_day_in(events_, days) : sets.active(events_, days);
    sink.add_andnot(i, users, seen.span());
    seen.add(users);
    sets.arena().give_back_to(mark);
  }
}

QueryResult IdlePlan::finish(const Partial& counted) const {
  const std::span<const std::uint64_t> cells = counted.cells;
  QueryResult result = result_;
  const std::uint64_t total = std::accumulate(cells.begin(), cells.end(), std::uint64_t{0});
  std::size_t row_count = buckets_.size();
  // One row a day ends with the largest idle age there is.
  while (ask_.each_day && row_count > 0 && cells[row_count - 1] == 0) --row_count;
  for (std::size_t i = 0; i < row_count; ++i) {
    const auto& [from, to] = buckets_[i];
    add_row(result, std::int64_t{from}, Cell(), count_cell(cells[i]),
            ratio_cell(cells[i], total, true));
    if (to) result.rows.back()[1] = std::int64_t{*to};
  }
  return result;
}

std::vector<std::size_t> IdlePlan::cells_of(std::size_t row, std::string_view column) const {
  if (column != "users") return {};
  return {row};
}

}  // namespace

PlanResult make_idle_plan(const Query& query, const PlanContext& context) {
  const std::vector<PropertyCondition> conditions = conditions_of(query, context);
  const auto& ask = std::get<IdleQuery>(query.ask);
  ROLLCALL_ASSIGN_OR_RETURN(
      SeriesUnion events, resolve_selector("idle: event", ask.event, conditions, context.catalog));
  ROLLCALL_ASSIGN_OR_RETURN(Scope scope, resolve_scope("idle", query, context));
  return PlanResult(
      std::make_unique<IdlePlan>(query, context, std::move(scope), std::move(events)));
}

}  // namespace rollcall
