// Has the row of the kind that compares variants of an experiment.
#include <fmt/format.h>

#include <string>
#include <type_traits>
#include <vector>

#include "core/query/kinds/compare_plan.h"
#include "core/query/kinds/history_ranking.h"
#include "core/query/kinds/kind_rows.h"
#include "core/query/text/compare_json.h"
#include "core/query/text/explanation.h"
#include "core/query/text/length_text.h"

namespace rollcall {
namespace {

using Metric = CompareQuery::Metric;

constexpr QueryField kCompareFields[] = {
    {.name = "metric",
     .type = FieldType::kMetric,
     .meaning = "What is measured of each user",
     .is_required = true},
    field_of_event("exposure", "Event by which users get into the experiment"),
    {.name = "variant",
     .type = FieldType::kProperty,
     .meaning = "Property of the exposure whose values are the variants",
     .needed_unless = "variants"},
    {.name = "values",
     .type = FieldType::kTexts,
     .meaning = "The variants to compare; all unless given",
     .needs = "variant"},
    {.name = "variants",
     .type = FieldType::kVariants,
     .meaning = "A variant that is a segment, as it stood before from",
     .excludes = kVariantFields,
     .needs = "from"},
    {.name = "control",
     .type = FieldType::kText,
     .meaning = "The variant that the others are compared with: the first unless given"},
    kEventField,
    {.name = "split",
     .type = FieldType::kShares,
     .meaning = "Share of the users that a variant was to get: all alike unless given"},
    {.name = "aa",
     .type = FieldType::kInteger,
     .meaning = "Random splits of variant and control, to see how much they differ by chance",
     .min = 1,
     .max = kCompareSplitsMax},
    {.name = "seed",
     .type = FieldType::kInteger,
     .meaning = "Number that the random splits depend on",
     .default_json = "0",
     .min = 0,
     .max = kCompareSeedMax,
     .needs = "aa"}};

std::string metric_words(const CompareQuery& ask) {
  const Metric& metric = ask.metric;
  switch (metric.kind) {
    case Metric::Kind::kActive: {
      const std::string days =
          metric.from_day == metric.to_day
              ? fmt::format("on day {}", metric.to_day)
              : fmt::format("on any of the days {} to {}", metric.from_day, metric.to_day);
      return fmt::format("the share with {} {} after", event_words(ask.event), days);
    }
    case Metric::Kind::kConversion:
      return fmt::format("the share with {} within {}", event_words(metric.outcome),
                         to_string(metric.within));
    case Metric::Kind::kValue:
      return fmt::format("the mean of the amounts of {} within {}", event_words(metric.outcome),
                         to_string(metric.within));
    case Metric::Kind::kCount:
      break;
  }
  return fmt::format("the mean number of times of {} within {}", event_words(metric.outcome),
                     to_string(metric.within));
}

std::string describe(const CompareQuery& ask) {
  const std::string begin =
      ask.variants.empty()
          ? fmt::format("For the users of each {}, from the first time of {} on",
                        ask.variant.empty() ? "variant" : ask.variant, event_words(ask.exposure))
          : std::string("For the users of each segment, from the first day of the range on");
  const std::string splits =
      ask.aa ? fmt::format(" Both are also taken together and split at random, {} times.", *ask.aa)
             : std::string();
  return fmt::format(
      "{}: {}. Each variant is compared with {}.{} Users seen in two variants are left out, and so "
      "are those whose time is not over.",
      begin, metric_words(ask),
      ask.control.empty() ? std::string("the first one") : quoted_excerpt(ask.control), splits);
}

}  // namespace

const KindRow<CompareQuery>& row_of(std::type_identity<CompareQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"json({"kind": "compare", "metric": {"retention_day": 7}, "exposure": "signup",
              "variant": "platform", "values": ["ios", "web"]})json",
      R"json({"kind": "compare", "metric": {"conversion": "purchase", "within": "7d"},
              "variants": {"a": "did(search, 7d)", "b": "not did(search, 7d)"},
              "from": "2026-01-15"})json"};
  static constexpr KindRow<CompareQuery> kRow = {
      .kind = {.name = "compare",
               .summary = "How the variants of an experiment fare",
               .fields = kCompareFields,
               .examples = kExamples},
      .parse = parse_compare,
      .write = write_compare,
      .check = check_compare,
      .describe = describe,
      .plan = plan_compare,
      .ranked_event = [](const CompareQuery& ask) -> const Selector& { return ask.exposure; },
      .ranking = rank_by_history<CompareQuery>,
      .segments =
          [](const CompareQuery& ask) {
            std::vector<const Segment*> segments;
            for (const CompareQuery::Arm& arm : ask.variants) segments.push_back(&arm.segment);
            return segments;
          }};
  return kRow;
}

}  // namespace rollcall
