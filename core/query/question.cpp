#include "core/query/question.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "core/query/member_list.h"
#include "core/query/query_names.h"
#include "core/query/timeframe.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

// The column of a breakdown's values: named as the property, unless the table has such a column.
std::string column_of(const std::string& property, const QueryResult& table) {
  const bool is_taken = std::any_of(table.columns.begin(), table.columns.end(),
                                    [&](const Column& column) { return column.name == property; });
  return is_taken ? property + " (property)" : property;
}

}  // namespace

Result<Question> Question::make(const Query& query, const PlanContext& context) {
  Question question(query, context);
  const Members* const members = query.common.members ? &*query.common.members : nullptr;
  if (members != nullptr) {
    const Status status = check_members(*members, context.settings.user_kind);
    if (!status.ok()) {
      return Status::invalid_argument(fmt::format("{}: {}", kind_of(query), status.message()));
    }
  }
  if (query.common.breakdown.empty()) {
    ROLLCALL_ASSIGN_OR_RETURN(question.plan_, make_plan(query, context));
    question.reads_ = question.plan_->reads();
    return question;
  }
  const std::vector<std::string>& properties = context.catalog.dimensions();
  if (std::find(properties.begin(), properties.end(), query.common.breakdown) == properties.end()) {
    return Status::invalid_argument(fmt::format(
        "{}: breakdown: {}; a property is declared as a dimension when the store is made",
        kind_of(query), unknown_name("property", query.common.breakdown, properties)));
  }
  const PropertyCondition any_value = {
      query.common.breakdown, PropertyCondition::Test::kNoneOf, {}};
  PlanContext all_values = context;
  all_values.value = &any_value;
  ROLLCALL_ASSIGN_OR_RETURN(question.plan_, make_plan(query, all_values));
  ROLLCALL_ASSIGN_OR_RETURN(question.breakdown_, Breakdown::make(query, all_values));
  question.reads_ = question.plan_->reads();
  question.reads_.add(question.breakdown_->ranking().reads());
  return question;
}

Result<QueryResult> Question::answer(PlanRunner& runner) const {
  if (breakdown_) return answer_breakdown(runner);
  return answer_plan(*plan_, query_.common.members ? &*query_.common.members : nullptr, runner);
}

Result<QueryResult> Question::answer_breakdown(PlanRunner& runner) const {
  ROLLCALL_ASSIGN_OR_RETURN(const PlanCounts ranking, runner.count(breakdown_->ranking()));
  const std::vector<BreakdownValue> values = breakdown_->values(ranking.cells);

  QueryResult result = plan_->finish(PlanCounts::of_nobody(*plan_));
  const std::string column = column_of(query_.common.breakdown, result);
  std::optional<Members> members = query_.common.members;
  std::string wanted;
  if (members) {
    ROLLCALL_ASSIGN_OR_RETURN(wanted, take_key(kind_of(query_), column, *members));
  }
  ROLLCALL_RETURN_IF_ERROR(check_cell_count(kind_of(query_), values.size(),
                                            std::max(result.rows.size(), plan_->cell_count())));
  result.rows.clear();
  result.columns.insert(result.columns.begin(), {column, ColumnType::kString});
  if (result.pivot && result.pivot->column.empty()) {
    result.pivot->column = column;
  } else if (result.pivot) {
    result.pivot->rows.insert(result.pivot->rows.begin(), column);
    result.pivot->is_usual = false;
  }
  std::vector<std::string> labels;
  for (const BreakdownValue& value : values) {
    labels.push_back(value.label);
    if (members && value.label != wanted) continue;
    PlanContext context = context_;
    context.value = &value.condition;
    ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Plan> plan, make_plan(query_, context));
    ROLLCALL_ASSIGN_OR_RETURN(QueryResult part,
                              answer_plan(*plan, members ? &*members : nullptr, runner));
    if (members) return part;
    for (std::vector<Cell>& row : part.rows) {
      row.insert(row.begin(), value.label);
      result.rows.push_back(std::move(row));
    }
  }
  if (members) return no_such_key(kind_of(query_), column, wanted, labels);
  return result;
}

Result<QueryResult> Question::answer_plan(const Plan& plan, const Members* members,
                                          PlanRunner& runner) const {
  ROLLCALL_ASSIGN_OR_RETURN(const PlanCounts counts, runner.count(plan));
  QueryResult table = plan.finish(counts);
  if (members == nullptr) {
    // One key alone makes no matrix.
    if (table.pivot && table.pivot->column.empty()) table.pivot.reset();
    return table;
  }
  const auto cells_of = [&plan](std::size_t row, std::string_view column) {
    return plan.cells_of(row, column);
  };
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::size_t> cells,
                            find_member_cells(table, *members, cells_of));
  ROLLCALL_ASSIGN_OR_RETURN(std::vector<UserId> users, runner.members(plan, cells));
  return list_members(std::move(table), std::move(users), *members);
}

}  // namespace rollcall
