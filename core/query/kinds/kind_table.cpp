#include "core/query/kinds/kind_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "core/query/kinds/kind_rows.h"
#include "core/query/resolve/timeframe.h"
#include "core/query/text/date_text.h"
#include "core/query/text/explanation.h"
#include "core/query/text/query_object.h"
#include "core/query/text/query_validation.h"
#include "core/time/calendar.h"
#include "rollcall/kinds.h"
#include "rollcall/query.h"

namespace rollcall {
namespace {

// Returns what `use` returns for the row of the query's kind and what is asked.
template <class Use>
auto with_row(const Query& query, Use use) {
  return std::visit(
      [&]<class Ask>(const Ask& ask) { return use(row_of(std::type_identity<Ask>()), ask); },
      query.ask);
}

template <class Ask>
bool takes_range(const KindRow<Ask>& row, const Ask& ask) {
  return row.takes_range == nullptr ? row.kind.takes_range : row.takes_range(ask);
}

template <class... Asks>
std::array<QueryKind, sizeof...(Asks)> kinds_of(std::type_identity<std::variant<Asks...>>) {
  return {row_of(std::type_identity<Asks>()).kind...};
}

// Says what a question is read from, and what it becomes.
struct Reading {
  std::string_view kind;
  const Json& object;
  std::string_view time_zone;
  Query& query;
};

// It is not set if the question is no `Ask`.
template <class Ask>
std::optional<Status> parse_as(const Reading& reading) {
  const KindRow<Ask>& row = row_of(std::type_identity<Ask>());
  if (row.kind.name != reading.kind) return {};
  const QueryObject object(reading.object, {row.kind.name, row.kind.takes_range}, reading.time_zone,
                           reading.query.common);
  return row.parse(object, reading.query.ask.template emplace<Ask>());
}

template <class... Asks>
std::optional<Status> parse_any(const Reading& reading, std::type_identity<std::variant<Asks...>>) {
  std::optional<Status> status;
  ((status = parse_as<Asks>(reading)) || ...);
  return status;
}

Status check_no_range(const QueryCommon& common, std::string_view reason) {
  if (!common.from && !common.to && !common.last) return {};
  return Status::invalid_argument(fmt::format("takes no from, to or last: {}", reason));
}

// Checks that a range has times of day only where it may.
Status check_times(const QueryCommon& common, bool takes_times) {
  const std::pair<std::string_view, const std::optional<RangeEnd>&> ends[] = {{"from", common.from},
                                                                              {"to", common.to}};
  for (const auto& [field, end] : ends) {
    if (takes_times || !end || !std::holds_alternative<LocalTime>(*end)) continue;
    return Status::invalid_argument(
        fmt::format("{}: a time of day goes with the periods \"hour\" and \"minute\", found {} "
                    "(allowed: a date)",
                    field, to_string(*end)));
  }
  return {};
}

}  // namespace

std::span<const QueryKind> query_kinds() {
  static const auto kKinds = kinds_of(std::type_identity<AnyAsk>());
  return kKinds;
}

const QueryKind* find_query_kind(std::string_view name) {
  const std::span kinds = query_kinds();
  const auto kind = std::find_if(kinds.begin(), kinds.end(),
                                 [&](const QueryKind& other) { return other.name == name; });
  return kind == kinds.end() ? nullptr : &*kind;
}

std::string_view kind_of(const Query& query) {
  return with_row(query, [](const auto& row, const auto&) { return row.kind.name; });
}

std::optional<Status> parse_kind(std::string_view name, const Json& object,
                                 std::string_view time_zone, Query& query) {
  return parse_any({name, object, time_zone, query}, std::type_identity<AnyAsk>());
}

JsonFields fields_of(const Query& query) {
  return with_row(query, [&](const auto& row, const auto& ask) {
    JsonFields fields = row.write(ask);
    add_common(query.common,
               row.write_of_breakdown == nullptr ? JsonFields() : row.write_of_breakdown(ask),
               fields);
    return fields;
  });
}

std::string to_json(const Query& query) {
  JsonFields fields = fields_of(query);
  fields.emplace(fields.begin(), "kind", quote(kind_of(query)));
  add_dates(query.common, fields);
  return to_object(fields);
}

Status validate(const Query& query) {
  Status status = check_common(query.common);
  if (status.ok()) {
    status = with_row(query, [&](const auto& row, const auto& ask) -> Status {
      ROLLCALL_RETURN_IF_ERROR(row.check(ask));
      if (!takes_range(row, ask)) return check_no_range(query.common, row.no_range);
      const bool is_clock = row.row_period != nullptr && is_by_clock(row.row_period(ask));
      return check_times(query.common, row.takes_times || is_clock);
    });
  }
  if (status.ok()) return {};
  return status.as(StatusCode::kInvalidArgument).within(kind_of(query));
}

std::string describe(const Query& query) {
  return with_row(query, [&](const auto& row, const auto& ask) {
    std::optional<Period> needed;
    if (takes_range(row, ask)) needed = Period::kDay;
    if (row.row_period != nullptr && is_by_clock(row.row_period(ask))) {
      needed = row.row_period(ask);
    }
    return row.describe(ask) + describe_common(query.common, needed, row.gives_early_rates);
  });
}

PlanContext planning_context(const Query& query, const PlanContext& context) {
  PlanContext own = with_events(query, context);
  own.make_plan = make_plan;
  return own;
}

Result<std::unique_ptr<Plan>> make_plan(const Query& query, const PlanContext& context) {
  ROLLCALL_RETURN_IF_ERROR(validate(query));
  PlanContext own = planning_context(query, context);
  const std::optional<Period> period = row_period(query);
  if (context.settings.history && period && is_by_clock(*period)) {
    own.events = std::make_shared<EventSeries>(
        fmt::format("aggregates know the users of a day, not of a single {}", to_string(*period)));
  }
  return with_row(query,
                  [&](const auto& row, const auto& ask) { return row.plan(ask, query, own); });
}

std::optional<Period> row_period(const Query& query) {
  return with_row(query, [](const auto& row, const auto& ask) -> std::optional<Period> {
    if (row.row_period == nullptr) return {};
    return row.row_period(ask);
  });
}

Selector ranked_event(const Query& query) {
  return with_row(query, [](const auto& row, const auto& ask) {
    return row.ranked_event == nullptr ? Selector() : row.ranked_event(ask);
  });
}

Result<std::optional<Ranking>> make_ranking(const Query& query, const PlanContext& context) {
  return with_row(query, [&](const auto& row, const auto& ask) -> Result<std::optional<Ranking>> {
    if (row.ranking == nullptr) return std::optional<Ranking>();
    ROLLCALL_ASSIGN_OR_RETURN(Ranking ranking,
                              row.ranking(ask, query, planning_context(query, context)));
    return std::optional(std::move(ranking));
  });
}

std::vector<const Segment*> segments_of(const Query& query) {
  return with_row(query, [](const auto& row, const auto& ask) {
    return row.segments == nullptr ? std::vector<const Segment*>() : row.segments(ask);
  });
}

}  // namespace rollcall
