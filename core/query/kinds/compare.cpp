// Has the row of the kind that compares variants of an experiment.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "core/query/kinds/compare_plan.h"
#include "core/query/kinds/history_ranking.h"
#include "core/query/kinds/kind_rows.h"
#include "core/query/text/explanation.h"
#include "core/query/text/length_text.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/segment_json.h"
#include "core/query/text/selector_json.h"

namespace rollcall {
namespace {

using Metric = CompareQuery::Metric;

constexpr std::string_view kOfSegments[] = {"exposure", "variant", "values"};

constexpr QueryField kCompareFields[] = {
    {.name = "metric",
     .type = FieldType::kMetric,
     .meaning = "What is measured of each user",
     .is_required = true},
    field_of_event("exposure", "Event by which users get into the experiment"),
    {.name = "variant",
     .type = FieldType::kProperty,
     .meaning = "Property of the exposure whose values are the variants"},
    {.name = "values",
     .type = FieldType::kTexts,
     .meaning = "The variants to compare; all unless given",
     .needs = "variant"},
    {.name = "variants",
     .type = FieldType::kVariants,
     .meaning = "A variant that is a segment, as it stood before from",
     .excludes = kOfSegments},
    {.name = "control",
     .type = FieldType::kText,
     .meaning = "The variant that the others are compared with: the first unless given"},
    kEventField,
    {.name = "split",
     .type = FieldType::kShares,
     .meaning = "Share of the users that a variant was to get: all alike unless given"}};

// --- Reading and writing. ---

struct MetricName {
  std::string_view name;
  Metric::Kind kind;
};
constexpr MetricName kOutcomes[] = {{"conversion", Metric::Kind::kConversion},
                                    {"value", Metric::Kind::kValue},
                                    {"count", Metric::Kind::kCount}};

constexpr std::string_view kMetricsAllowed =
    "an object such as {\"retention_day\": 7}, {\"window\": [1, 7]} or {\"conversion\": \"order\", "
    "\"within\": \"7d\"} (retention_day, window, conversion, value, count)";

Status read_metric(const Json& value, const std::string& path, Metric& out) {
  if (!value.is_object()) return unexpected(path, kMetricsAllowed, value);
  std::size_t found = 0;
  FieldReaders fields = {{"retention_day",
                          [&](const Json& json, const std::string& at) {
                            ++found;
                            Status status = read_integer(json, at, out.from_day);
                            out.to_day = out.from_day;
                            return status;
                          }},
                         {"window", [&](const Json& json, const std::string& at) -> Status {
                            ++found;
                            std::vector<std::int32_t> days;
                            ROLLCALL_RETURN_IF_ERROR(read_integers(json, at, days));
                            if (days.size() != 2) {
                              return unexpected(at, "a list of the first and the last day", json);
                            }
                            out.from_day = days[0];
                            out.to_day = days[1];
                            return {};
                          }}};
  for (const MetricName& outcome : kOutcomes) {
    fields.push_back({outcome.name, [&](const Json& json, const std::string& at) {
                        ++found;
                        out.kind = outcome.kind;
                        return read_selector(json, at, out.outcome);
                      }});
  }
  fields.push_back(length_field("within", out.within));
  ROLLCALL_RETURN_IF_ERROR(read_fields(value, path, fields));
  if (found != 1) return unexpected(path, kMetricsAllowed, value);
  const bool has_within = value.contains("within");
  if (out.kind == Metric::Kind::kActive && has_within) {
    return Status::invalid_argument(
        path + ": within: goes with \"conversion\", \"value\" and \"count\" alone");
  }
  if (out.kind != Metric::Kind::kActive && !has_within) {
    return Status::invalid_argument(path + ": missing field \"within\"");
  }
  return {};
}

std::string metric_json(const Metric& metric) {
  if (metric.kind == Metric::Kind::kActive) {
    if (metric.from_day == metric.to_day) {
      return to_object({{"retention_day", std::to_string(metric.to_day)}});
    }
    return to_object({{"window", integer_list({metric.from_day, metric.to_day})}});
  }
  const auto* const outcome = std::ranges::find(kOutcomes, metric.kind, &MetricName::kind);
  return to_object({{std::string(outcome->name), selector_json(metric.outcome)},
                    {"within", quote(to_string(metric.within))}});
}

Status read_share(const Json& value, const std::string& path, double& out) {
  constexpr std::string_view kAllowed = "a number above 0, such as 0.5";
  if (!value.is_number()) return unexpected(path, kAllowed, value);
  constexpr std::size_t kDigitsMax = 400;
  const std::string text = value.text(kDigitsMax);
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  const bool is_read = error == std::errc() && rest == text.data() + text.size();
  return is_read ? Status() : unexpected(path, kAllowed, value);
}

// Reads an object that has something for each variant.
template <class Element>
FieldReader by_variant(std::string_view name, std::vector<Element>& out,
                       Status (*read)(const Json&, const std::string&, Element&)) {
  return {name, [name, &out, read](const Json& value, const std::string& path) -> Status {
            if (!value.is_object() || value.empty()) {
              return unexpected(path, fmt::format("an object with the {} of each variant", name),
                                value);
            }
            for (const auto& [variant, json] : value.get<Json::Object>()) {
              Element& element = out.emplace_back();
              element.variant = variant;
              ROLLCALL_RETURN_IF_ERROR(
                  read(json, fmt::format("{}: {}", path, quoted_excerpt(variant)), element));
            }
            return {};
          }};
}

FieldReader name_field(std::string_view name, std::string_view expected, std::string& out) {
  return {name, [expected, &out](const Json& value, const std::string& path) -> Status {
            const bool is_name = value.is_string() && !value.get<std::string>().empty();
            if (!is_name) return unexpected(path, expected, value);
            out = value.get<std::string>();
            return {};
          }};
}

Status parse(const QueryObject& object, CompareQuery& ask) {
  if (!object.has("metric")) return object.fault("missing field \"metric\"");
  const FieldReader metric = {"metric", [&ask](const Json& value, const std::string& path) {
                                return read_metric(value, path, ask.metric);
                              }};
  const FieldReader values = {"values", [&ask](const Json& value, const std::string& path) {
                                return read_strings(value, path, ask.values);
                              }};
  const FieldReader variants = by_variant<CompareQuery::Arm>(
      "variants", ask.variants,
      [](const Json& json, const std::string& at, CompareQuery::Arm& arm) {
        return read_segment(json, at, arm.segment);
      });
  const FieldReader split = by_variant<CompareQuery::Share>(
      "split", ask.split, [](const Json& json, const std::string& at, CompareQuery::Share& share) {
        return read_share(json, at, share.share);
      });
  ROLLCALL_RETURN_IF_ERROR(
      object.read({metric, selector_field("exposure", ask.exposure),
                   name_field("variant", "the name of a property", ask.variant), values, variants,
                   name_field("control", "the name of a variant", ask.control),
                   selector_field("event", ask.event), split}));
  if (ask.variants.empty()) return {};
  for (const std::string_view field : kOfSegments) {
    if (object.has(field)) {
      return object.fault(fmt::format("variants: goes without {}", quoted_excerpt(field)));
    }
  }
  return {};
}

JsonFields write(const CompareQuery& ask) {
  JsonFields fields = {{"metric", metric_json(ask.metric)}};
  if (ask.variants.empty()) {
    fields.emplace_back("exposure", selector_json(ask.exposure));
    if (!ask.variant.empty()) fields.emplace_back("variant", quote(ask.variant));
    if (!ask.values.empty()) {
      std::vector<std::string> values;
      for (const std::string& value : ask.values) values.push_back(quote(value));
      fields.emplace_back("values", fmt::format("[{}]", fmt::join(values, ", ")));
    }
  } else {
    JsonFields variants;
    for (const CompareQuery::Arm& arm : ask.variants) {
      variants.emplace_back(arm.variant, segment_json(arm.segment));
    }
    fields.emplace_back("variants", to_object(variants));
  }
  if (!ask.control.empty()) fields.emplace_back("control", quote(ask.control));
  if (ask.metric.kind == Metric::Kind::kActive) {
    fields.emplace_back("event", selector_json(ask.event));
  }
  if (!ask.split.empty()) {
    JsonFields shares;
    for (const CompareQuery::Share& share : ask.split) {
      shares.emplace_back(share.variant, fmt::format("{}", share.share));
    }
    fields.emplace_back("split", to_object(shares));
  }
  return fields;
}

// --- Checks. ---

Status check_metric(const CompareQuery& ask) {
  const Metric& metric = ask.metric;
  if (metric.kind == Metric::Kind::kActive) {
    ROLLCALL_RETURN_IF_ERROR(check_selector("event", ask.event));
    const bool is_day = metric.from_day == metric.to_day;
    const std::string_view field = is_day ? "metric: retention_day" : "metric: window";
    ROLLCALL_RETURN_IF_ERROR(check_whole_number(field, metric.from_day, 0, kSpanDaysMax));
    return check_whole_number(field, metric.to_day, metric.from_day, kSpanDaysMax);
  }
  if (ask.event != Selector()) {
    return Status::invalid_argument(
        "event: goes with the metrics \"retention_day\" and \"window\" alone");
  }
  ROLLCALL_RETURN_IF_ERROR(check_selector("metric", metric.outcome));
  if (metric.within.us > 0) return {};
  return Status::invalid_argument("metric: within: must be longer than 0s, found " +
                                  to_string(metric.within));
}

// Checks that no name comes twice, and that there are at least two.
Status check_names(std::string_view field, const std::vector<std::string>& names) {
  std::set<std::string_view> seen;
  for (const std::string& name : names) {
    if (seen.insert(name).second) continue;
    return Status::invalid_argument(
        fmt::format("{}: {} is there twice", field, quoted_excerpt(name)));
  }
  if (names.size() >= 2) return {};
  return Status::invalid_argument(
      fmt::format("{}: must be at least 2 variants, found {}", field, names.size()));
}

Status check_split(const CompareQuery& ask, const std::vector<std::string>& named) {
  std::vector<std::string> names;
  for (const CompareQuery::Share& share : ask.split) {
    if (!(share.share > 0) || !std::isfinite(share.share)) {
      return Status::invalid_argument(fmt::format("split: {}: must be a number above 0, found {}",
                                                  quoted_excerpt(share.variant), share.share));
    }
    names.push_back(share.variant);
  }
  ROLLCALL_RETURN_IF_ERROR(check_names("split", names));
  if (named.empty()) return {};
  for (const std::string& name : named) {
    if (std::ranges::find(names, name) != names.end()) continue;
    return Status::invalid_argument(
        fmt::format("split: has no share of the variant {}", quoted_excerpt(name)));
  }
  for (const std::string& name : names) {
    if (std::ranges::find(named, name) != named.end()) continue;
    return Status::invalid_argument("split: " + unknown_name("variant", name, named));
  }
  return {};
}

Status check(const CompareQuery& ask) {
  ROLLCALL_RETURN_IF_ERROR(check_metric(ask));
  const std::vector<std::string> named = named_variants(ask);
  if (ask.variants.empty()) {
    ROLLCALL_RETURN_IF_ERROR(check_selector("exposure", ask.exposure));
    if (!ask.values.empty()) ROLLCALL_RETURN_IF_ERROR(check_names("values", named));
  } else {
    if (ask.exposure != Selector() || !ask.variant.empty() || !ask.values.empty()) {
      return Status::invalid_argument(
          "variants: goes without \"exposure\", \"variant\" and \"values\"");
    }
    ROLLCALL_RETURN_IF_ERROR(check_names("variants", named));
    for (const CompareQuery::Arm& arm : ask.variants) {
      ROLLCALL_RETURN_IF_ERROR(
          check_segment(fmt::format("variants: {}", quoted_excerpt(arm.variant)), arm.segment));
    }
  }
  const bool is_known =
      ask.control.empty() || named.empty() || std::ranges::find(named, ask.control) != named.end();
  if (!is_known) {
    return Status::invalid_argument("control: " + unknown_name("variant", ask.control, named));
  }
  return ask.split.empty() ? Status() : check_split(ask, named);
}

// --- Words. ---

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
  return fmt::format(
      "{}: {}. Each variant is compared with {}. Users seen in two variants are left out, and so "
      "are those whose time is not over.",
      begin, metric_words(ask),
      ask.control.empty() ? std::string("the first one") : quoted_excerpt(ask.control));
}

}  // namespace

std::vector<std::string> named_variants(const CompareQuery& ask) {
  if (ask.variants.empty()) return ask.values;
  std::vector<std::string> names;
  for (const CompareQuery::Arm& arm : ask.variants) names.push_back(arm.variant);
  std::ranges::sort(names);
  return names;
}

const KindRow<CompareQuery>& row_of(std::type_identity<CompareQuery>) {
  static constexpr KindRow<CompareQuery> kRow = {
      .kind = {.name = "compare",
               .summary = "How the variants of an experiment fare",
               .fields = kCompareFields},
      .parse = parse,
      .write = write,
      .check = check,
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
