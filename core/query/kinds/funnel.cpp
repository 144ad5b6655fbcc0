// Has the row of the kind that asks how far users come who do several things in an order.
#include <fmt/format.h>

#include <string>
#include <type_traits>

#include "core/query/kinds/funnel_plan.h"
#include "core/query/kinds/kind_rows.h"
#include "core/query/text/explanation.h"
#include "core/query/text/funnel_json.h"
#include "core/query/text/length_text.h"

namespace rollcall {
namespace {

using Order = FunnelQuery::Order;

constexpr QueryField kFunnelFields[] = {
    {.name = "steps",
     .type = FieldType::kEvents,
     .meaning = "An event that is a step; repeat for the next",
     .is_required = true},
    {.name = "window",
     .type = FieldType::kLength,
     .meaning = "Time from step 1 to the last, its end included",
     .default_json = "\"14d\""},
    field_of_word("order", "Whether other events may lie between, or any order will do",
                  "\"ordered\"", kWordsOf<kFunnelOrderNames>),
    field_of_word("ties", "Whether events of one instant may be taken in any order", "\"allowed\"",
                  kWordsOf<kFunnelTiesNames>),
    {.name = "collapse_repeats",
     .type = FieldType::kFlag,
     .meaning = "Pass over events of the step made last (strict)",
     .default_json = "false"},
    {.name = "stop_on_repeat",
     .type = FieldType::kFlag,
     .meaning = "End an attempt with an event of an earlier step (ordered)",
     .default_json = "false"},
    {.name = "exclusions",
     .type = FieldType::kExclusions,
     .meaning = "An event that voids an attempt where it lies between the steps",
     .default_json = "[]"},
    {.name = "steps_after_to",
     .type = FieldType::kFlag,
     .meaning = "Let steps after the first lie after the range",
     .default_json = "false"},
    field_of_word("period", "Rows by the period of step 1, too", {}, kWordsOf<kPeriodNames>),
    {.name = "hold",
     .type = FieldType::kProperty,
     .meaning = "Property that must have one value at all steps"},
    {.name = "total_seconds",
     .type = FieldType::kFlag,
     .meaning = "Show the times from step 1, too",
     .default_json = "false"},
    {.name = "breakdown_step",
     .type = FieldType::kInteger,
     .meaning = "Step whose value of the property counts",
     .default_json = "1",
     .min = 1,
     .max = FunnelQuery::kStepsMax,
     .needs = "breakdown"}};

JsonFields write_of_breakdown(const FunnelQuery& ask) {
  return {{"breakdown_step", std::to_string(ask.breakdown_step)}};
}

std::string describe(const FunnelQuery& ask) {
  std::string steps;
  for (const Selector& step : ask.steps) {
    steps += (steps.empty() ? "" : ask.order == Order::kAny ? ", " : ", then ") + event_words(step);
  }
  std::string text = fmt::format("Users by how far they come within {} of the first step: {}.",
                                 to_string(ask.window), steps);
  switch (ask.order) {
    case Order::kOrdered:
      text += " Other events may lie between.";
      break;
    case Order::kStrict:
      text += ask.collapse_repeats
                  ? " No other event lies between, but for repeats of the step made last."
                  : " No other event lies between.";
      break;
    case Order::kAny:
      text = fmt::format("Users by how many of these they do within {}, in any order: {}.",
                         to_string(ask.window), steps);
      break;
  }
  for (const FunnelQuery::Exclusion& exclusion : ask.exclusions) {
    text += fmt::format(" An attempt with {} between steps {} and {} does not count.",
                        event_words(exclusion.event), exclusion.from_step, exclusion.to_step);
  }
  if (ask.ties == FunnelQuery::Ties::kStrictlyIncreasing) {
    text += " Each step is later than the one before.";
  }
  if (ask.stop_on_repeat) text += " An event of an earlier step ends an attempt.";
  if (ask.steps_after_to) text += " Steps after the first may lie after the range.";
  if (ask.period) text += fmt::format(" Rows go by the {} of step 1, too.", to_string(*ask.period));
  if (!ask.hold.empty()) text += fmt::format(" All steps have the same {}.", ask.hold);
  return text;
}

}  // namespace

const KindRow<FunnelQuery>& row_of(std::type_identity<FunnelQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "funnel", "steps": ["view", "add_to_cart", "purchase"], "window": "1d"})",
      R"({"kind": "funnel", "steps": ["signup", "purchase"], "breakdown": "platform"})"};
  static constexpr KindRow<FunnelQuery> kRow = {
      .kind = {.name = "funnel",
               .summary = "How far users come, step by step",
               .fields = kFunnelFields,
               .examples = kExamples,
               .chart = "users"},
      .parse = parse_funnel,
      .write = write_funnel,
      .write_of_breakdown = write_of_breakdown,
      .check = check_funnel,
      .describe = describe,
      .plan = plan_funnel,
      .gives_early_rates = true,
      .takes_times = true,
      .ranking = rank_funnel};
  return kRow;
}

}  // namespace rollcall
