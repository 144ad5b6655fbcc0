// Is a query prepared for answering: what it reads, and how its answer is put together once that is
// pinned. Most queries have one plan; one with a breakdown has a plan that ranks the values, and
// then one per value.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "core/query/plan/member_list.h"
#include "core/query/plan/plan.h"
#include "core/query/question/breakdown.h"
#include "rollcall/answer.h"
#include "rollcall/member_ids.h"
#include "rollcall/question.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Runs plans over the pages that were pinned for a question, all of one moment. Calls throw
// QuestionFailure if it cannot be answered.
class PlanRunner {
 public:
  virtual ~PlanRunner() = default;
  // Returns the answer of all partitions together.
  virtual Result<Partial> run(const PlanTask& task) = 0;
};

class Question {
 public:
  // `query` and what `context` refers to outlive the question.
  //   kInvalidArgument  as make_plan; or the property of the breakdown is not declared
  static Result<Question> make(const Query& query, const PlanContext& context);

  // Says what the numbers come from, and why, as sources_of does.
  std::vector<std::string> answered_from() const;
  // Covers what every plan of the question reads.
  const ReadSet& reads() const { return reads_; }
  // Returns whether it needs the names of its context until it is answered. The plans of a
  // breakdown do, because they resolve values only after ranking them.
  bool keeps_names() const { return breakdown_.has_value() || plan_->keeps_names(); }
  // Returns all but the `stats`. Its rows take memory of the context's account until that ends. If
  // `ids` is not null, it receives the users behind a cell, and the answer has no rows.
  Result<QueryResult> answer(PlanRunner& runner, MemberIds* ids = nullptr) const;

 private:
  Question(const Query& query, const PlanContext& context) : query_(query), context_(context) {}

  // Makes the plan of all values. If that reads the history and leaves the range open, the range
  // begins where history does, or as much later as the plan looks back.
  Status make_reaching_plan();
  void add_reads(const Plan& plan);
  Result<QueryResult> answer_breakdown(PlanRunner& runner, MemberIds* ids) const;
  // Returns the table of a plan, or the users behind a cell of it.
  Result<QueryResult> answer_plan(const Plan& plan, const Members* members, PlanRunner& runner,
                                  MemberIds* ids) const;

  const Query& query_;
  PlanContext context_;
  ReadSet reads_;
  std::unique_ptr<Plan> plan_;          // with a breakdown: for all values together
  std::optional<Breakdown> breakdown_;  // unset: there is none
};

}  // namespace rollcall
