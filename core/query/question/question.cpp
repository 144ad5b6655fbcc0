#include "core/query/question/question.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/query/kinds/kind_table.h"
#include "core/query/plan/answer_sources.h"
#include "core/query/plan/member_list.h"
#include "core/query/plan/table_plan.h"
#include "core/query/resolve/selector_resolver.h"
#include "core/query/resolve/timeframe.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

// Returns the column of a breakdown's values, which is named as the property unless the table has
// such a column.
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
      return status.as(StatusCode::kInvalidArgument).within(kind_of(query));
    }
  }
  if (query.common.breakdown.empty()) {
    ROLLCALL_RETURN_IF_ERROR(question.make_reaching_plan());
    question.add_reads(*question.plan_);
    return question;
  }
  if (!property_number(query.common.breakdown, context.catalog)) {
    return unknown_property(fmt::format("{}: breakdown", kind_of(query)), query.common.breakdown,
                            context.catalog);
  }
  const PropertyCondition any_value = {
      query.common.breakdown, PropertyCondition::Test::kNoneOf, {}};
  question.context_.value = &any_value;
  ROLLCALL_RETURN_IF_ERROR(question.make_reaching_plan());
  ROLLCALL_ASSIGN_OR_RETURN(question.breakdown_, Breakdown::make(query, question.context_));
  question.context_.value = nullptr;
  ROLLCALL_RETURN_IF_ERROR(check_reach(
      kind_of(query), question.breakdown_->ranking().reads().first_event_day(), question.context_));
  question.add_reads(*question.plan_);
  question.add_reads(question.breakdown_->ranking());
  return question;
}

Status Question::make_reaching_plan() {
  const bool is_open = !query_.common.from && !query_.common.last;
  constexpr int kTriesMax = 3;
  Status status;
  for (int tries = 1;; ++tries) {
    Result<std::unique_ptr<Plan>> plan = make_plan(query_, context_);
    // Where windows leave no day that they could begin with, the range is not at fault.
    if (!plan.ok()) return tries == kTriesMax ? status : plan.status();
    plan_ = *std::move(plan);
    const Day needed = std::max(plan_->reads().first_event_day(), context_.days.first);
    status = check_reach(kind_of(query_), needed, context_);
    const Day begin = context_.first_day_of_history();
    const Day from = context_.open_from ? *context_.open_from + (begin - needed) : begin;
    if (status.ok() || !is_open || tries == kTriesMax || from > context_.days.last) return status;
    context_.open_from = from;
  }
}

void Question::add_reads(const Plan& plan) {
  constexpr std::size_t kCopies = 3;  // the plan's, that here, and that of all questions
  if (context_.account != nullptr) {
    context_.account->take(kCopies * plan.reads().memory_bytes(), QuestionNeed::kReads);
  }
  reads_.add(plan.reads());
}

std::vector<std::string> Question::answered_from() const { return sources_of(plan_->reads()); }

Result<QueryResult> Question::answer(PlanRunner& runner, MemberIds* ids) const {
  if (breakdown_) return answer_breakdown(runner, ids);
  return answer_plan(*plan_, query_.common.members ? &*query_.common.members : nullptr, runner,
                     ids);
}

Result<QueryResult> Question::answer_breakdown(PlanRunner& runner, MemberIds* ids) const {
  ROLLCALL_ASSIGN_OR_RETURN(Partial ranked, runner.run({breakdown_->ranking()}));
  const std::vector<BreakdownValue> values = breakdown_->values(ranked);
  ranked = {};
  breakdown_->ranking().free_scratch();

  QueryResult result = plan_->heading();
  const std::string column = column_of(query_.common.breakdown, result);
  std::optional<Members> members = query_.common.members;
  std::string wanted;
  if (members) {
    ROLLCALL_ASSIGN_OR_RETURN(wanted, take_key(kind_of(query_), column, *members));
  }
  std::size_t cell_count = plan_->cell_count();
  for (const TotalsRead& read : plan_->reads().totals) {
    if (!read.by_hour) continue;  // hours have no cells, and rows all the same
    cell_count = static_cast<std::size_t>(read.days.size()) * kDayHoursMax;
  }
  ROLLCALL_RETURN_IF_ERROR(check_cell_count(kind_of(query_), values.size(), cell_count));
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
    if (context_.account != nullptr) context_.account->check();
    PlanContext context = context_;
    context.value = &value.condition;
    ROLLCALL_ASSIGN_OR_RETURN(const std::unique_ptr<Plan> plan, make_plan(query_, context));
    ROLLCALL_ASSIGN_OR_RETURN(QueryResult part,
                              answer_plan(*plan, members ? &*members : nullptr, runner, ids));
    if (members) return part;
    if (context_.account != nullptr) {
      const std::size_t label_bytes =
          value.label.size() < sizeof(std::string) / 2 ? 0 : value.label.size();
      context_.account->take(part.rows.size() * (sizeof(Cell) + label_bytes), QuestionNeed::kRows);
    }
    for (std::vector<Cell>& cells : part.rows) {
      std::vector<Cell>& row = result.rows.emplace_back();
      row.reserve(cells.size() + 1);
      row.emplace_back(value.label);
      std::move(cells.begin(), cells.end(), std::back_inserter(row));
      std::vector<Cell>().swap(cells);
    }
  }
  if (members) return no_such_key(kind_of(query_), column, wanted, labels);
  return result;
}

Result<QueryResult> Question::answer_plan(const Plan& plan, const Members* members,
                                          PlanRunner& runner, MemberIds* ids) const {
  if (const Members* const page = plan.page()) {
    const std::size_t everybody[] = {0};
    ROLLCALL_ASSIGN_OR_RETURN(const Partial listed,
                              runner.run({plan, page, context_.settings.user_kind, everybody}));
    plan.free_scratch();
    return plan.finish(listed);
  }
  ROLLCALL_ASSIGN_OR_RETURN(Partial counts, runner.run({plan}));
  plan.free_scratch();  // rows take its place
  if (const std::unique_ptr<Plan> next = plan.next(counts)) {
    counts = {};
    return answer_plan(*next, members, runner, ids);
  }
  QueryResult table = plan.finish(counts);
  counts = {};
  if (members == nullptr) {
    // One key alone makes no matrix.
    if (table.pivot && table.pivot->column.empty()) table.pivot.reset();
    return table;
  }
  const auto cells_of = [&](std::size_t row, std::string_view column) {
    return plan.cells_of_row(table.rows[row], row, column);
  };
  ROLLCALL_ASSIGN_OR_RETURN(const std::vector<std::size_t> cells,
                            find_member_cells(table, *members, cells_of));
  if (context_.account != nullptr) {
    context_.account->give_back(rows_taken_for(table.rows.size()) *
                                bytes_of_row(table.columns.size()));
  }
  table.rows.clear();
  table.rows.shrink_to_fit();
  ROLLCALL_ASSIGN_OR_RETURN(Partial listed,
                            runner.run({plan, members, context_.settings.user_kind, cells}));
  if (ids != nullptr) {
    return listed.users->list_ids(std::move(table), *ids);
  }
  return listed.users->list(std::move(table));
}

QueryResult MemberIds::with_rows() const {
  QueryResult result = answer;
  result.rows.reserve(count());
  for (std::size_t i = 0; i < count(); ++i) {
    result.rows.emplace_back().emplace_back(kind == UserKind::kInteger ? std::to_string(numbers[i])
                                                                       : std::string(text(i)));
  }
  return result;
}

}  // namespace rollcall
