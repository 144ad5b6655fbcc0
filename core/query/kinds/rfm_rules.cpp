#include "core/query/kinds/rfm_rules.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "core/query/text/decimal_text.h"
#include "core/query/text/explanation.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/selector_json.h"

namespace rollcall {

std::vector<RfmRules::Segment> RfmRules::usual_segments() {
  constexpr Scores kAny, kHigh = {4, 5}, kMiddle = {3, 3}, kLow = {1, 2};
  return {{"champions", kHigh, kHigh, kHigh},          {"loyal", {3, 5}, kHigh, kAny},
          {"potential", kHigh, kMiddle, kAny},         {"new", kHigh, kLow, kAny},
          {"needs_attention", kMiddle, kMiddle, kAny}, {"about_to_sleep", kMiddle, kLow, kAny},
          {"cannot_lose", {1, 1}, kHigh, kHigh},       {"at_risk", kLow, {3, 5}, kAny},
          {"hibernating", {2, 2}, kAny, kAny},         {"lost", {1, 1}, kAny, kAny}};
}

namespace {

constexpr std::size_t kSegmentsMax = 125;  // as many as there are cells
// Amounts are compared with edges exactly, in numbers of 128 bits.
constexpr std::size_t kEdgeWholeDigitsMax = 18;
constexpr std::size_t kEdgeFractionDigitsMax = 9;

Status read_scores(const Json& value, const std::string& path, RfmRules::Scores& out) {
  std::vector<std::int32_t> ends;
  const bool is_pair = value.is_array() && value.get<Json::Array>().size() == 2;
  if (!is_pair) return unexpected(path, "a list of the first and the last score", value);
  ROLLCALL_RETURN_IF_ERROR(read_integers(value, path, ends));
  out = {ends[0], ends[1]};
  return {};
}

Status read_segments(const Json& value, const std::string& path,
                     std::vector<RfmRules::Segment>& out) {
  if (!value.is_array()) return unexpected(path, "a list of segments", value);
  out.clear();
  for (const Json& element : value.get<Json::Array>()) {
    const std::string at = fmt::format("{}[{}]", path, out.size());
    if (!element.is_object()) {
      return unexpected(at, "an object such as {\"name\": \"vip\", \"r\": [4, 5], \"f\": [5, 5]}",
                        element);
    }
    RfmRules::Segment& segment = out.emplace_back();
    const auto scores = [](std::string_view name, RfmRules::Scores& scores_out) {
      return FieldReader{name, [&scores_out](const Json& json, const std::string& where) {
                           return read_scores(json, where, scores_out);
                         }};
    };
    const FieldReader name = {"name", [&](const Json& json, const std::string& where) -> Status {
                                if (!json.is_string()) return unexpected(where, "a string", json);
                                segment.name = json.get<std::string>();
                                return {};
                              }};
    ROLLCALL_RETURN_IF_ERROR(read_fields(
        element, at,
        {name, scores("r", segment.r), scores("f", segment.f), scores("m", segment.m)}));
  }
  return {};
}

Status read_edges(const Json& value, const std::string& path, std::optional<RfmRules::Edges>& out) {
  out.reset();
  if (is_text(value, kRfmScoreWords[0])) return {};
  if (!value.is_object()) {
    return unexpected(path,
                      "\"quantile\", or an object such as {\"recency\": [7, 30, 60, 90], "
                      "\"frequency\": [2, 3, 5, 10], \"monetary\": [10, 50, 100, 500]}",
                      value);
  }
  RfmRules::Edges& edges = out.emplace();
  const auto integers = [](std::string_view name, std::vector<std::int32_t>& numbers) {
    return FieldReader{name, [&numbers](const Json& json, const std::string& at) {
                         return read_integers(json, at, numbers);
                       }};
  };
  const FieldReader monetary = {
      "monetary", [&edges](const Json& json, const std::string& at) -> Status {
        if (!json.is_array()) return unexpected(at, "a list of decimal numbers", json);
        edges.monetary.clear();
        for (const Json& element : json.get<Json::Array>()) {
          const std::string place = fmt::format("{}[{}]", at, edges.monetary.size());
          ROLLCALL_RETURN_IF_ERROR(read_decimal(element, place, edges.monetary.emplace_back()));
        }
        return {};
      }};
  return read_fields(
      value, path,
      {integers("recency", edges.recency), integers("frequency", edges.frequency), monetary});
}

std::string scores_json(const RfmRules::Scores& scores) {
  return integer_list({scores.first, scores.last});
}

Status check_count(std::string_view field, std::size_t found) {
  if (found == RfmRules::kEdges) return {};
  return Status::invalid_argument(
      fmt::format("{}: must be {} edges, found {}", field, RfmRules::kEdges, found));
}

Status must_ascend(std::string_view field, std::string_view found, std::string_view before) {
  return Status::invalid_argument(
      fmt::format("{}: must ascend, found {} after {}", field, found, before));
}

Status check_integers(std::string_view field, const std::vector<std::int32_t>& edges,
                      std::int32_t max) {
  ROLLCALL_RETURN_IF_ERROR(check_count(field, edges.size()));
  for (std::size_t i = 0; i < edges.size(); ++i) {
    ROLLCALL_RETURN_IF_ERROR(check_whole_number(fmt::format("{}[{}]", field, i), edges[i], 0, max));
    if (i > 0 && edges[i] <= edges[i - 1]) {
      return must_ascend(field, std::to_string(edges[i]), std::to_string(edges[i - 1]));
    }
  }
  return {};
}

Status check_decimals(std::string_view field, const std::vector<std::string>& edges) {
  ROLLCALL_RETURN_IF_ERROR(check_count(field, edges.size()));
  std::optional<DecimalText> before;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    const std::optional<DecimalText> edge = parse_decimal_text(edges[i]);
    if (!edge || edge->whole.size() > kEdgeWholeDigitsMax ||
        edge->fraction.size() > kEdgeFractionDigitsMax) {
      return Status::invalid_argument(fmt::format(
          "{}[{}]: must be {}, of at most {} digits before the point and {} after it, found {}",
          field, i, kDecimalsAllowed, kEdgeWholeDigitsMax, kEdgeFractionDigitsMax,
          quoted_excerpt(edges[i])));
    }
    if (before && *edge <= *before) return must_ascend(field, edges[i], edges[i - 1]);
    before = edge;
  }
  return {};
}

Status check_edges(const RfmRules::Edges& edges) {
  ROLLCALL_RETURN_IF_ERROR(check_integers("scores: recency", edges.recency, kSpanDaysMax));
  ROLLCALL_RETURN_IF_ERROR(check_integers("scores: frequency", edges.frequency, kTimesMax));
  return check_decimals("scores: monetary", edges.monetary);
}

Status check_segments(const std::vector<RfmRules::Segment>& segments) {
  if (segments.empty() || segments.size() > kSegmentsMax) {
    return Status::invalid_argument(
        fmt::format("segments: must be 1 to {}, found {}", kSegmentsMax, segments.size()));
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const RfmRules::Segment& segment = segments[i];
    const std::string field = fmt::format("segments[{}]", i);
    if (segment.name.empty() || segment.name == kRfmOther) {
      return Status::invalid_argument(
          fmt::format("{}: name: must be a name, but not that of the rest, found {}", field,
                      quoted_excerpt(segment.name)));
    }
    for (std::size_t earlier = 0; earlier < i; ++earlier) {
      if (segments[earlier].name != segment.name) continue;
      return Status::invalid_argument(
          fmt::format("{}: name: must be another than those before, "
                      "found {}",
                      field, quoted_excerpt(segment.name)));
    }
    const std::pair<std::string_view, const RfmRules::Scores&> all[] = {
        {"r", segment.r}, {"f", segment.f}, {"m", segment.m}};
    for (const auto& [name, scores] : all) {
      const std::string of = fmt::format("{}: {}", field, name);
      ROLLCALL_RETURN_IF_ERROR(check_whole_number(of, scores.first, 1, RfmRules::kScoreMax));
      ROLLCALL_RETURN_IF_ERROR(
          check_whole_number(of, scores.last, scores.first, RfmRules::kScoreMax));
    }
  }
  return {};
}

}  // namespace

FieldReaders rfm_rule_readers(RfmRules& rules) {
  return {selector_field("event", rules.event),
          word_field("frequency", kRfmFrequencyNames, rules.frequency),
          word_field("monetary", kRfmMonetaryNames, rules.monetary),
          {"scores",
           [&rules](const Json& value, const std::string& path) {
             return read_edges(value, path, rules.edges);
           }},
          {"segments", [&rules](const Json& value, const std::string& path) {
             return read_segments(value, path, rules.segments);
           }}};
}

std::string rfm_segments_json(const RfmRules& rules) {
  std::string list;
  for (const RfmRules::Segment& segment : rules.segments) {
    list += list.empty() ? "[" : ", ";
    list += to_object({{"name", quote(segment.name)},
                       {"r", scores_json(segment.r)},
                       {"f", scores_json(segment.f)},
                       {"m", scores_json(segment.m)}});
  }
  return list + "]";
}

JsonFields rfm_rule_fields(const RfmRules& rules) {
  std::string scores = quote(kRfmScoreWords[0]);
  if (rules.edges) {
    std::string monetary;
    for (const std::string& edge : rules.edges->monetary) {
      monetary += (monetary.empty() ? "[" : ", ") + quote(edge);
    }
    scores = to_object({{"recency", integer_list(rules.edges->recency)},
                        {"frequency", integer_list(rules.edges->frequency)},
                        {"monetary", monetary + "]"}});
  }
  return {{"event", selector_json(rules.event)},
          {"frequency", word(kRfmFrequencyNames, rules.frequency)},
          {"monetary", word(kRfmMonetaryNames, rules.monetary)},
          {"scores", std::move(scores)}};
}

Status check_rfm_rules(const RfmRules& rules) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("event", rules.event));
  if (rules.edges) ROLLCALL_RETURN_IF_ERROR(check_edges(*rules.edges));
  return check_segments(rules.segments);
}

std::string describe_rfm_rules(const RfmRules& rules) {
  return fmt::format(
      "Users with {} are scored from 1 to 5, 5 being best: by whole days since the last one "
      "(recency), by the number of {} (frequency), and by {} (monetary value). {}",
      event_words(rules.event),
      rules.frequency == RfmRules::Frequency::kEvents ? "such events" : "days with one",
      rules.monetary == RfmRules::Monetary::kSum ? "the sum of the values"
                                                 : "the mean value of an event that has one",
      rules.edges ? "Scores go by fixed edges."
                  : "Scores go by rank: each is a fifth of the users, and equal ones share it.");
}

}  // namespace rollcall
