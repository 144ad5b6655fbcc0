#include "core/query/kinds/compare_parts.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

#include "core/query/kinds/kind_table.h"
#include "core/query/text/compare_json.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

using Metric = CompareQuery::Metric;

// A segment is not told what differences mean.
std::vector<std::string> notes_of(const CompareParts& parts, bool is_of_segment,
                                  std::vector<std::string> of_values) {
  std::vector<std::string> notes;
  if (parts.has_segments()) {
    notes.emplace_back(
        "the segments are as they stood before from; the time of every user begins with that day, "
        "which is day 0");
  } else {
    notes.emplace_back(
        "the first exposure of a user in the range counts, and everything from its instant on; an "
        "exposure without the property is none, unless values has the empty text");
  }
  const auto add_others = [&] {
    for (std::string& note : of_values) {
      if (std::ranges::find(notes, note) == notes.end()) notes.push_back(std::move(note));
    }
    return notes;
  };
  if (is_of_segment) {
    notes.emplace_back("users in two variants are in neither of them");
    return add_others();
  }
  notes.emplace_back(
      "users in two variants are excluded from both, immature are those whose time is not over at "
      "as_of, and neither are among users");
  notes.emplace_back(parts.is_rate()
                         ? "intervals are of 95 %, by Wilson for a rate and by Newcombe for a "
                           "difference; the test is the two-proportion z, pooled; p is two-sided"
                         : "intervals are of 95 %, by Student's t for a mean and by Welch's for a "
                           "difference; the test is Welch's t; p is two-sided");
  if (parts.ask.aa) {
    notes.emplace_back(
        "aa is the share of random splits of variant and control taken together, in their own "
        "sizes, that differ by as much or more: what is natural fluctuation; splits go by the seed "
        "and the users' ids");
  }
  notes.emplace_back("nothing is adjusted for many comparisons, or for looking often");
  notes.emplace_back(
      "sample_ratio tests users and immature against the split by chi-square; with p below 0.001 "
      "the assignment is suspect");
  return add_others();
}

// Sets how the variant of an exposure is told. Returns the variants, or nothing if only the events
// tell which there are.
Result<std::optional<std::vector<std::string>>> resolve_variants(const PlanContext& context,
                                                                 CompareParts& parts) {
  const SeriesCatalog& catalog = context.catalog;
  const CompareQuery& ask = parts.ask;
  if (ask.variant.empty()) {
    return Status::invalid_argument(
        "compare: missing field \"variant\", the property that tells variants apart, or "
        "\"variants\", segments by name");
  }
  const std::optional<std::uint32_t> property = property_number(ask.variant, catalog);
  if (!property) {
    return unknown_property("compare: variant", ask.variant, catalog);
  }
  parts.selectors.told.push_back(*property);
  parts.is_of_texts = *property >= catalog.dimensions().size();
  if (parts.is_of_texts) {
    if (!ask.values.empty()) return std::optional(ask.values);
    const std::optional<Members>& members = parts.query.common.members;
    parts.is_of_one = context.nesting != nullptr && members && !members->where.empty();
    if (!parts.is_of_one) return std::optional<std::vector<std::string>>();
    return std::optional(std::vector<std::string>{members->where.front().second, ""});
  }
  const BoundedDictionary& known = catalog.values(*property);
  const bool are_known =
      !ask.values.empty() && std::ranges::all_of(ask.values, [&](const std::string& value) {
        return known.find(value).has_value();
      });
  if (known.overflowed() && !are_known) {
    return Status::invalid_argument(
               fmt::format("compare: variant: cannot be answered exactly: {} has more values than "
                           "the {} that the store keeps, and those counted as \"{}\" are not known "
                           "to be the same; raise dimension_values_max when the store is made",
                           excerpt(ask.variant), known.values().size() - 1, kOtherName))
        .with_hint(Option::kDimensionValuesMax);
  }
  parts.codes = known.values();
  if (!ask.values.empty()) return std::optional(ask.values);
  std::vector<std::string> variants = known.values();
  std::erase(variants, "");
  std::ranges::sort(variants);
  if (!ask.control.empty() && std::ranges::find(variants, ask.control) == variants.end()) {
    return Status::invalid_argument("compare: control: " +
                                    unknown_name("variant", ask.control, variants));
  }
  return std::optional(std::move(variants));
}

// Resolves segments as they stood before the first day of the range.
Status resolve_segments(const std::vector<PropertyCondition>& where, const PlanContext& context,
                        CompareParts& parts, std::vector<std::string>& notes) {
  const QueryCommon& common = parts.query.common;
  if (!common.from) {
    return Status::invalid_argument(
        "compare: missing field \"from\": segments are as they stood before that day");
  }
  if (common.to || common.last) {
    return Status::invalid_argument(
        "compare: variants: goes with \"from\" alone, and without \"to\" and \"last\"");
  }
  QueryCommon before = common;
  // Where nothing is counted, the segments are checked as of any day.
  if (!parts.range.empty()) before.as_of = *parts.range.from - 1;
  ROLLCALL_ASSIGN_OR_RETURN(const Timeframe timeframe,
                            resolve_timeframe("compare: variants", before, context));
  for (const std::string& variant : named_variants(parts.ask)) {
    const auto arm = std::ranges::find(parts.ask.variants, variant, &CompareQuery::Arm::variant);
    ROLLCALL_ASSIGN_OR_RETURN(
        SegmentSet segment,
        SegmentSet::resolve(fmt::format("compare: variants: {}", quoted_excerpt(variant)),
                            arm->segment, where, context, timeframe));
    segment.add_notes(notes);
    parts.segments.push_back(std::move(segment));
  }
  return {};
}

}  // namespace

OutcomeTime outcome_time(const CompareParts& parts, TimeUs exposed) {
  const Metric& metric = parts.ask.metric;
  const TimeUs seen_end = parts.range.seen_end;
  OutcomeTime time;
  if (metric.kind == Metric::Kind::kActive) {
    const Day day = parts.zone.day_of(exposed);
    time.begin = std::max(exposed, parts.zone.start_of(day + metric.from_day));
    time.end = parts.zone.start_of(day + metric.to_day + 1);
    time.is_over = time.end <= seen_end;
  } else {
    time.begin = exposed;
    time.is_over = elapsed(exposed, seen_end - 1) >= static_cast<std::uint64_t>(metric.within.us);
    if (time.is_over) time.end = exposed + metric.within.us + 1;
  }
  return time;
}

Result<std::shared_ptr<CompareParts>> resolve_compare(const Query& query,
                                                      const PlanContext& context) {
  ROLLCALL_RETURN_IF_ERROR(check_history("compare", context));
  auto parts = std::make_shared<CompareParts>(query, context);
  const CompareQuery& ask = parts->ask;
  ROLLCALL_ASSIGN_OR_RETURN(parts->scope, resolve_scope("compare", query, context));
  const std::vector<PropertyCondition> where = conditions_of(query, context);
  std::vector<std::string> notes;
  const auto add = [&](std::string_view field, const Selector& selector) -> Status {
    ROLLCALL_ASSIGN_OR_RETURN(EventSelector resolved,
                              resolve_event_selector(field, selector, where, context.catalog));
    for (const std::string& note : resolved.notes) {
      if (std::ranges::find(notes, note) == notes.end()) notes.push_back(note);
    }
    parts->selectors.steps.push_back(std::move(resolved));
    return {};
  };
  if (!parts->has_segments()) ROLLCALL_RETURN_IF_ERROR(add("compare: exposure", ask.exposure));
  ROLLCALL_RETURN_IF_ERROR(ask.metric.kind == Metric::Kind::kActive
                               ? add("compare: event", ask.event)
                               : add("compare: metric", ask.metric.outcome));
  ROLLCALL_ASSIGN_OR_RETURN(
      parts->range, resolve_event_range("compare", query.common, context, parts->scope.timeframe));
  if (parts->has_segments()) {
    ROLLCALL_RETURN_IF_ERROR(resolve_segments(where, context, *parts, notes));
    parts->variants = named_variants(ask);
  } else {
    ROLLCALL_ASSIGN_OR_RETURN(parts->variants, resolve_variants(context, *parts));
  }
  if (ask.metric.kind == Metric::Kind::kValue) {
    parts->selectors.tells_amounts = true;
    parts->value_decimals = context.settings.value_decimals;
  }
  parts->selectors.begin = parts->range.begin;
  parts->selectors.end = parts->range.seen_end;
  parts->days = CompareDays::find(*parts, context);
  parts->notes = notes_of(*parts, context.nesting != nullptr, std::move(notes));
  return parts;
}

}  // namespace rollcall
