// Resolves what a comparison of variants asks against the store.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/query/kinds/compare_days.h"
#include "core/query/plan/segment_set.h"
#include "core/query/plan/table_plan.h"
#include "core/query/resolve/event_range.h"
#include "core/query/sequence/step_events.h"
#include "core/time/time_zone.h"
#include "rollcall/answer.h"
#include "rollcall/question.h"
#include "rollcall/status.h"

namespace rollcall {

// Is what the plans of a question share.
struct CompareParts {
  CompareParts(const Query& asked, const PlanContext& context)
      : query(asked), ask(std::get<CompareQuery>(asked.ask)), zone(context.zone) {}

  bool has_segments() const { return !ask.variants.empty(); }
  bool is_rate() const {
    using Kind = CompareQuery::Metric::Kind;
    return ask.metric.kind == Kind::kActive || ask.metric.kind == Kind::kConversion;
  }
  // Returns the place of the outcome in StepSelectors::steps; the exposure is the first, if any.
  std::uint32_t outcome_bit() const { return has_segments() ? 1 : 2; }

  const Query query;
  const CompareQuery ask;
  const TimeZone& zone;
  Scope scope;
  StepSelectors selectors;
  EventRange range;
  // Are the variants. If it is unset, only the events tell which there are.
  std::optional<std::vector<std::string>> variants;
  // Whether only users of the first variant matter, and the other one stands for all others. A
  // segment asks so, which cannot wait for the events to tell which variants there are.
  bool is_of_one = false;
  bool is_of_texts = false;          // whether the variants are values of a kept property
  std::vector<std::string> codes;    // of a declared property: the values by number
  std::vector<SegmentSet> segments;  // by variant
  std::optional<CompareDays> days;   // unset: the history tells what follows an exposure
  std::uint32_t value_decimals = 0;  // of the amounts that are summed up
  std::vector<std::string> notes;
  QueryResult heading;
};

// Says when the outcomes of a user count: in [begin, end). It is not over if `end` is not known.
struct OutcomeTime {
  TimeUs begin = 0;
  TimeUs end = 0;
  bool is_over = false;
};

OutcomeTime outcome_time(const CompareParts& parts, TimeUs exposed);

//   kInvalidArgument  the store keeps no history, or does not know what the question names
Result<std::shared_ptr<CompareParts>> resolve_compare(const Query& query,
                                                      const PlanContext& context);

}  // namespace rollcall
