#include "core/query/text/compare_json.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/query/text/json_reader.h"
#include "core/query/text/length_text.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/segment_json.h"
#include "core/query/text/selector_json.h"

namespace rollcall {
namespace {

using Metric = CompareQuery::Metric;

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
template <class Element, class Read>
FieldReader by_variant(std::string_view name, std::vector<Element>& out, Read read) {
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

}  // namespace

Status parse_compare(const QueryObject& object, CompareQuery& ask) {
  if (!object.has("metric")) return object.fault("missing field \"metric\"");
  const FieldReader metric = {"metric", [&ask](const Json& value, const std::string& path) {
                                return read_metric(value, path, ask.metric);
                              }};
  const FieldReader values = {"values", [&ask](const Json& value, const std::string& path) {
                                return read_strings(value, path, ask.values);
                              }};
  const FieldReader variants = by_variant<CompareQuery::Arm>(
      "variants", ask.variants,
      [&object](const Json& json, const std::string& at, CompareQuery::Arm& arm) {
        return read_segment(json, at, arm.segment, object.segment_depth());
      });
  const FieldReader split = by_variant<CompareQuery::Share>(
      "split", ask.split, [](const Json& json, const std::string& at, CompareQuery::Share& share) {
        return read_share(json, at, share.share);
      });
  const FieldReader seed = {"seed", [&ask](const Json& value, const std::string& path) {
                              return read_integer(value, path, ask.seed);
                            }};
  ROLLCALL_RETURN_IF_ERROR(object.read(
      {metric, selector_field("exposure", ask.exposure),
       name_field("variant", "the name of a property", ask.variant), values, variants,
       name_field("control", "the name of a variant", ask.control),
       selector_field("event", ask.event), split, optional_integer_field("aa", ask.aa), seed}));
  if (object.has("seed") && !ask.aa) return object.fault("seed: goes with \"aa\" alone");
  if (ask.variants.empty()) return {};
  for (const std::string_view field : kVariantFields) {
    if (object.has(field)) {
      return object.fault(fmt::format("variants: goes without {}", quoted_excerpt(field)));
    }
  }
  return {};
}

JsonFields write_compare(const CompareQuery& ask) {
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
  if (ask.aa) {
    fields.emplace_back("aa", std::to_string(*ask.aa));
    fields.emplace_back("seed", std::to_string(ask.seed));
  }
  return fields;
}

// --- Checks. ---

namespace {

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

}  // namespace

Status check_compare(const CompareQuery& ask) {
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
  if (ask.aa) ROLLCALL_RETURN_IF_ERROR(check_whole_number("aa", *ask.aa, 1, kCompareSplitsMax));
  if (!ask.aa && ask.seed != 0) return Status::invalid_argument("seed: goes with \"aa\" alone");
  ROLLCALL_RETURN_IF_ERROR(check_whole_number("seed", ask.seed, 0, kCompareSeedMax));
  return ask.split.empty() ? Status() : check_split(ask, named);
}

std::vector<std::string> named_variants(const CompareQuery& ask) {
  if (ask.variants.empty()) return ask.values;
  std::vector<std::string> names;
  for (const CompareQuery::Arm& arm : ask.variants) names.push_back(arm.variant);
  std::ranges::sort(names);
  return names;
}

}  // namespace rollcall
