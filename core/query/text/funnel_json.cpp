#include "core/query/text/funnel_json.h"

#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/query/text/length_text.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/selector_json.h"

namespace rollcall {
namespace {

Status read_exclusion(const Json& value, const std::string& path, FunnelQuery::Exclusion& out) {
  if (!value.is_object()) {
    return unexpected(
        path, "an object such as {\"event\": \"refund\", \"from_step\": 1, \"to_step\": 2}", value);
  }
  const auto integer = [](std::string_view name, std::int32_t& number) {
    return FieldReader{name, [&number](const Json& json, const std::string& at) {
                         return read_integer(json, at, number);
                       }};
  };
  return read_fields(value, path,
                     {selector_field("event", out.event), integer("from_step", out.from_step),
                      integer("to_step", out.to_step)});
}

}  // namespace

Status parse_funnel(const QueryObject& object, FunnelQuery& ask) {
  if (!object.has("steps")) return object.fault("missing field \"steps\"");
  const FieldReader exclusions = {
      "exclusions", [&ask](const Json& value, const std::string& path) -> Status {
        if (!value.is_array()) return unexpected(path, "a list of exclusions", value);
        for (const Json& element : value.get<Json::Array>()) {
          const std::string at = fmt::format("{}[{}]", path, ask.exclusions.size());
          ROLLCALL_RETURN_IF_ERROR(read_exclusion(element, at, ask.exclusions.emplace_back()));
        }
        return {};
      }};
  const FieldReader period = {
      "period", [&ask](const Json& value, const std::string& path) -> Status {
        if (value.is_null()) return {};
        return read_word(value, path, "period", kPeriodNames, ask.period.emplace());
      }};
  const FieldReader hold = {"hold", [&ask](const Json& value, const std::string& path) -> Status {
                              const bool is_name =
                                  value.is_string() && !value.get<std::string>().empty();
                              if (!is_name)
                                return unexpected(path, "the name of a property", value);
                              ask.hold = value.get<std::string>();
                              return {};
                            }};
  const FieldReader breakdown_step = {"breakdown_step",
                                      [&ask](const Json& value, const std::string& path) {
                                        return read_integer(value, path, ask.breakdown_step);
                                      }};
  return object.read({selectors_field("steps", ask.steps), length_field("window", ask.window),
                      word_field("order", kFunnelOrderNames, ask.order),
                      word_field("ties", kFunnelTiesNames, ask.ties),
                      flag_field("collapse_repeats", ask.collapse_repeats),
                      flag_field("stop_on_repeat", ask.stop_on_repeat), exclusions,
                      flag_field("steps_after_to", ask.steps_after_to), period, hold,
                      flag_field("total_seconds", ask.total_seconds), breakdown_step});
}

namespace {

std::string list_of(const std::vector<std::string>& elements) {
  std::string text = "[";
  for (const std::string& element : elements) text += (text.size() > 1 ? ", " : "") + element;
  return text + "]";
}

}  // namespace

JsonFields write_funnel(const FunnelQuery& ask) {
  const auto flag = [](bool value) { return std::string(value ? "true" : "false"); };
  std::vector<std::string> exclusions;
  for (const FunnelQuery::Exclusion& exclusion : ask.exclusions) {
    exclusions.push_back(to_object({{"event", selector_json(exclusion.event)},
                                    {"from_step", std::to_string(exclusion.from_step)},
                                    {"to_step", std::to_string(exclusion.to_step)}}));
  }
  JsonFields fields = {{"steps", selectors_json(ask.steps)},
                       {"window", quote(to_string(ask.window))},
                       {"order", word(kFunnelOrderNames, ask.order)},
                       {"ties", word(kFunnelTiesNames, ask.ties)},
                       {"collapse_repeats", flag(ask.collapse_repeats)},
                       {"stop_on_repeat", flag(ask.stop_on_repeat)},
                       {"exclusions", list_of(exclusions)},
                       {"steps_after_to", flag(ask.steps_after_to)}};
  if (ask.period) fields.emplace_back("period", word(kPeriodNames, *ask.period));
  if (!ask.hold.empty()) fields.emplace_back("hold", quote(ask.hold));
  fields.emplace_back("total_seconds", flag(ask.total_seconds));
  return fields;
}

Status check_funnel(const FunnelQuery& ask) {
  if (ask.steps.size() < 2 || ask.steps.size() > FunnelQuery::kStepsMax) {
    return Status::invalid_argument(fmt::format("steps: must be 2 to {} events, found {}",
                                                FunnelQuery::kStepsMax, ask.steps.size()));
  }
  for (std::size_t i = 0; i < ask.steps.size(); ++i) {
    ROLLCALL_RETURN_IF_ERROR(check_selector(fmt::format("steps[{}]", i), ask.steps[i]));
  }
  if (ask.window.us <= 0) {
    return Status::invalid_argument("window: must be longer than 0s, found " +
                                    to_string(ask.window));
  }
  if (ask.period) ROLLCALL_RETURN_IF_ERROR(check_days_or_longer("period", *ask.period));
  if (ask.collapse_repeats && ask.order != FunnelQuery::Order::kStrict) {
    return Status::invalid_argument("collapse_repeats: goes with order \"strict\" alone");
  }
  if (ask.stop_on_repeat && ask.order != FunnelQuery::Order::kOrdered) {
    return Status::invalid_argument("stop_on_repeat: goes with order \"ordered\" alone");
  }
  if (!ask.exclusions.empty() && ask.order == FunnelQuery::Order::kAny) {
    return Status::invalid_argument("exclusions: do not go with order \"any\"");
  }
  constexpr std::size_t kExclusionsMax = 32;
  if (ask.exclusions.size() > kExclusionsMax) {
    return Status::invalid_argument(fmt::format("exclusions: must be at most {}, found {}",
                                                kExclusionsMax, ask.exclusions.size()));
  }
  const auto steps = static_cast<std::int64_t>(ask.steps.size());
  ROLLCALL_RETURN_IF_ERROR(check_whole_number("breakdown_step", ask.breakdown_step, 1, steps));
  for (std::size_t i = 0; i < ask.exclusions.size(); ++i) {
    const FunnelQuery::Exclusion& exclusion = ask.exclusions[i];
    const std::string field = fmt::format("exclusions[{}]", i);
    ROLLCALL_RETURN_IF_ERROR(check_selector(field + ": event", exclusion.event));
    ROLLCALL_RETURN_IF_ERROR(
        check_whole_number(field + ": from_step", exclusion.from_step, 1, steps - 1));
    ROLLCALL_RETURN_IF_ERROR(check_whole_number(field + ": to_step", exclusion.to_step,
                                                std::int64_t{exclusion.from_step} + 1, steps));
  }
  return {};
}

}  // namespace rollcall
