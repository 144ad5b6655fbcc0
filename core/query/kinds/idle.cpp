// Idle counts users by whole days since their last event, at as_of.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <optional>
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
#include "core/query/text/explanation.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/selector_json.h"

namespace rollcall {
namespace {

// Holds users who are idle for `from` to `to` days or, without a `to`, for `from` or more.
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
  define(fields_of(query), context, nullptr, std::move(notes));
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
  // With one row a day, the rows end with the largest idle age that occurs.
  while (ask_.each_day && row_count > 0 && cells[row_count - 1] == 0) --row_count;
  for (std::size_t i = 0; i < row_count; ++i) {
    const auto& [from, to] = buckets_[i];
    add_row(result, std::int64_t{from}, Cell(), count_cell(cells[i]),
            ratio_cell(cells[i], total, /*complete=*/true));
    if (to) result.rows.back()[1] = std::int64_t{*to};
  }
  return result;
}

std::vector<std::size_t> IdlePlan::cells_of(std::size_t row, std::string_view column) const {
  if (column != "users") return {};
  return {row};
}

PlanResult plan(const IdleQuery& ask, const Query& query, const PlanContext& context) {
  const std::vector<PropertyCondition> conditions = conditions_of(query, context);
  ROLLCALL_ASSIGN_OR_RETURN(SeriesUnion events,
                            resolve_selector("idle: event", ask.event, conditions, context));
  ROLLCALL_ASSIGN_OR_RETURN(Scope scope, resolve_scope("idle", query, context));
  return PlanResult(
      std::make_unique<IdlePlan>(query, context, std::move(scope), std::move(events)));
}

// --- The row. ---

constexpr std::string_view kEdgesWords[] = {"each"};
constexpr QueryField kIdleFields[] = {
    kEventField,
    {.name = "edges",
     .type = FieldType::kIntegers,
     .meaning = "First days of the buckets, such as 0,1,7,30; or each",
     .default_json = "[0, 1, 7, 14, 30, 60, 90]",
     .words = kEdgesWords,
     .min = 0,
     .max = kSpanDaysMax}};

Status parse(const QueryObject& object, IdleQuery& ask) {
  const FieldReader edges = {
      "edges", [&ask](const Json& value, const std::string& path) {
        ask.each_day = is_text(value, "each");
        if (ask.each_day) return Status();
        return value.is_array() ? read_integers(value, path, ask.edges)
                                : unexpected(path, "a list of whole numbers, or \"each\"", value);
      }};
  return object.read({selector_field("event", ask.event), edges});
}

JsonFields write(const IdleQuery& ask) {
  return {{"event", selector_json(ask.event)},
          {"edges", ask.each_day ? quote("each") : integer_list(ask.edges)}};
}

Status check(const IdleQuery& ask) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("event", ask.event));
  if (ask.each_day) return {};
  if (ask.edges.empty() || ask.edges.front() != 0) {
    return Status::invalid_argument(
        fmt::format("edges: must begin with 0, found {}",
                    excerpt(fmt::format("[{}]", fmt::join(ask.edges, ", ")))));
  }
  for (std::size_t i = 1; i < ask.edges.size(); ++i) {
    ROLLCALL_RETURN_IF_ERROR(check_whole_number("edges: an edge", ask.edges[i], 0, kSpanDaysMax));
    if (ask.edges[i] <= ask.edges[i - 1]) {
      return Status::invalid_argument(
          fmt::format("edges: must ascend, found {} after {}", ask.edges[i], ask.edges[i - 1]));
    }
  }
  return {};
}

std::string describe(const IdleQuery& ask) {
  return fmt::format("Everybody who ever had {}, by whole days since the last one, at as_of.",
                     event_words(ask.event));
}

}  // namespace

const KindRow<IdleQuery>& row_of(std::type_identity<IdleQuery>) {
  static constexpr std::string_view kExamples[] = {R"({"kind": "idle", "edges": [0, 7, 14, 30]})"};
  static constexpr KindRow<IdleQuery> kRow = {
      .kind = {.name = "idle",
               .summary = "Where everybody stands: days since the last event",
               .fields = kIdleFields,
               .examples = kExamples,
               .takes_range = false,
               .chart = "users"},
      .no_range = "it is a view of one day, as_of",
      .parse = parse,
      .write = write,
      .check = check,
      .describe = describe,
      .plan = plan,
      .ranked_event = own_event};
  return kRow;
}

}  // namespace rollcall
