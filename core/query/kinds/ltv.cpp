// This kind asks what users are worth, by cohort, so many days after each user's own first day.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <array>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>

#include "core/query/kinds/kind_rows.h"
#include "core/query/kinds/ltv_plan.h"
#include "core/query/text/decimal_text.h"
#include "core/query/text/explanation.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/selector_json.h"

namespace rollcall {
namespace {

constexpr std::array<Spelling<LtvQuery::Cohort>, 2> kLtvCohortNames = {
    {{"first_ever", LtvQuery::Cohort::kFirstEver},
     {"first_in_range", LtvQuery::Cohort::kFirstInRange}}};

constexpr std::string_view kCostPerUser[] = {"cost_per_user"};

constexpr QueryField kLtvFields[] = {
    field_of_event("cohort_event", "Event that makes a user join"),
    field_of_event("value_event", "Event whose amounts are what a user is worth"),
    field_of_word("cohort", "When a user joins", "\"first_ever\"", kWordsOf<kLtvCohortNames>),
    field_of_word("period", "Period of a cohort", "\"day\"", kWordsOf<kPeriodNames>),
    field_of_word("summary", "How the last rows sum up", "\"pooled\"", kWordsOf<kSummaryNames>),
    {.name = "horizons",
     .type = FieldType::kIntegers,
     .meaning = "Days after a user's first through which amounts count",
     .default_json = "[0, 1, 7, 14, 30, 60, 90]",
     .min = 0,
     .max = kSpanDaysMax},
    {.name = "cost_per_user",
     .type = FieldType::kAmounts,
     .meaning = "What a user costs: an amount, or one for each value of the breakdown",
     .place = "cost.per_user"},
    {.name = "cost_event",
     .type = FieldType::kEvent,
     .meaning = "Event whose amounts are costs, and no value",
     .place = "cost.event",
     .excludes = kCostPerUser}};

constexpr std::string_view kCostsAllowed = "a decimal number not below 0 such as \"1.80\"";

// Returns whether a text is an amount that a user may cost.
bool is_cost(std::string_view text) {
  const auto number = parse_decimal_text(text);
  return number && !number->is_negative;
}

Status read_cost(const Json& value, const std::string& path, std::string& out) {
  const Status status = read_decimal(value, path, out);
  return status.ok() && is_cost(out) ? Status() : unexpected(path, kCostsAllowed, value);
}

Status read_per_user(const Json& value, const std::string& path, LtvQuery::Cost& out) {
  if (!value.is_object()) {
    return read_cost(value, path, out.emplace<LtvQuery::CostPerUser>().amount);
  }
  if (value.empty()) {
    return unexpected(path, "an amount, or an object such as {\"ads\": \"1.80\"}", value);
  }
  auto& amounts = out.emplace<LtvQuery::CostByValue>().amounts;
  for (const auto& [name, amount] : value.get<Json::Object>()) {
    ROLLCALL_RETURN_IF_ERROR(read_cost(amount, fmt::format("{}: {}", path, excerpt(name)),
                                       amounts.emplace_back(name, "").second));
  }
  return {};
}

Status read_costs(const Json& value, const std::string& path, LtvQuery& ask) {
  if (!value.is_object() || value.contains("per_user") == value.contains("event")) {
    return unexpected(path,
                      R"({"per_user": "1.80"}, {"per_user": {"ads": "1.80"}} by the value of the )"
                      R"(breakdown, or {"event": "spend"})",
                      value);
  }
  LtvQuery::Cost& cost = ask.cost.emplace();
  const FieldReader per_user = {"per_user", [&cost](const Json& json, const std::string& at) {
                                  return read_per_user(json, at, cost);
                                }};
  const FieldReader event = {"event", [&cost](const Json& json, const std::string& at) {
                               return read_selector(json, at,
                                                    cost.emplace<LtvQuery::CostOfEvents>().event);
                             }};
  return read_fields(value, path, {per_user, event});
}

Status parse(const QueryObject& object, LtvQuery& ask) {
  const FieldReader horizons = {"horizons", [&ask](const Json& value, const std::string& path) {
                                  return read_integers(value, path, ask.horizons);
                                }};
  const FieldReader cost = {"cost", [&ask](const Json& value, const std::string& path) {
                              return read_costs(value, path, ask);
                            }};
  return object.read({selector_field("cohort_event", ask.cohort_event),
                      selector_field("value_event", ask.value_event),
                      word_field("cohort", kLtvCohortNames, ask.cohort),
                      word_field("period", kPeriodNames, ask.period),
                      word_field("summary", kSummaryNames, ask.summary), horizons, cost});
}

std::string cost_json(const LtvQuery::Cost& cost) {
  if (const auto* const events = std::get_if<LtvQuery::CostOfEvents>(&cost)) {
    return to_object({{"event", selector_json(events->event)}});
  }
  if (const auto* const all = std::get_if<LtvQuery::CostPerUser>(&cost)) {
    return to_object({{"per_user", quote(all->amount)}});
  }
  JsonFields amounts;
  for (const auto& [value, amount] : std::get<LtvQuery::CostByValue>(cost).amounts) {
    amounts.emplace_back(value, quote(amount));
  }
  return to_object({{"per_user", to_object(amounts)}});
}

JsonFields write(const LtvQuery& ask) {
  JsonFields fields = {{"cohort_event", selector_json(ask.cohort_event)},
                       {"value_event", selector_json(ask.value_event)},
                       {"cohort", word(kLtvCohortNames, ask.cohort)},
                       {"period", word(kPeriodNames, ask.period)},
                       {"summary", word(kSummaryNames, ask.summary)},
                       {"horizons", integer_list(ask.horizons)}};
  if (ask.cost) fields.emplace_back("cost", cost_json(*ask.cost));
  return fields;
}

Status check_cost(std::string_view field, const std::string& amount) {
  if (is_cost(amount)) return {};
  return Status::invalid_argument(
      fmt::format("{}: must be {}, found {}", field, kCostsAllowed, quoted_excerpt(amount)));
}

Status check_cost(const LtvQuery::Cost& cost) {
  constexpr std::string_view kField = "cost: per_user";
  if (const auto* const events = std::get_if<LtvQuery::CostOfEvents>(&cost)) {
    return check_selector("cost: event", events->event);
  }
  if (const auto* const all = std::get_if<LtvQuery::CostPerUser>(&cost)) {
    return check_cost(kField, all->amount);
  }
  for (const auto& [value, amount] : std::get<LtvQuery::CostByValue>(cost).amounts) {
    ROLLCALL_RETURN_IF_ERROR(check_cost(fmt::format("{}: {}", kField, excerpt(value)), amount));
  }
  return {};
}

Status check(const LtvQuery& ask) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("cohort_event", ask.cohort_event));
  ROLLCALL_RETURN_IF_ERROR(check_selector("value_event", ask.value_event));
  ROLLCALL_RETURN_IF_ERROR(check_days_or_longer("period", ask.period));
  if (ask.horizons.empty()) {
    return Status::invalid_argument("horizons: must have a day at least, found []");
  }
  for (std::size_t i = 0; i < ask.horizons.size(); ++i) {
    ROLLCALL_RETURN_IF_ERROR(
        check_whole_number("horizons: a day", ask.horizons[i], 0, kSpanDaysMax));
    if (i > 0 && ask.horizons[i] <= ask.horizons[i - 1]) {
      return Status::invalid_argument(fmt::format("horizons: must ascend, found {} after {}",
                                                  ask.horizons[i], ask.horizons[i - 1]));
    }
  }
  return ask.cost ? check_cost(*ask.cost) : Status();
}

std::string describe(const LtvQuery& ask) {
  std::string text = fmt::format(
      "Users join the cohort of the {} of their first {}{}. A row shows what they are worth so "
      "many days after the day of that event: the sum of the amounts of {} from that day on, in "
      "all, for each user of the cohort, and for each who has paid more than was paid back.",
      to_string(ask.period), ask.cohort == LtvQuery::Cohort::kFirstEver ? "ever " : "",
      event_noun(ask.cohort_event) +
          (ask.cohort == LtvQuery::Cohort::kFirstEver ? "" : " within the range"),
      event_words(ask.value_event));
  if (!ask.cost) return text;
  if (const auto* const events = std::get_if<LtvQuery::CostOfEvents>(&*ask.cost)) {
    text += fmt::format(" What they cost are the amounts of {} up to that day, which are no value.",
                        event_words(events->event));
  } else if (const auto* const all = std::get_if<LtvQuery::CostPerUser>(&*ask.cost)) {
    text += fmt::format(" Each of them costs {}.", all->amount);
  } else {
    text += " What each of them costs goes by the value of the breakdown.";
  }
  return text + " The payback day is the first on which they are worth what they cost.";
}

}  // namespace

const KindRow<LtvQuery>& row_of(std::type_identity<LtvQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "ltv", "cohort_event": "signup", "period": "week", )"
      R"("cost": {"per_user": "1.80"}})"};
  static constexpr KindRow<LtvQuery> kRow = {
      .kind = {.name = "ltv",
               .summary = "What users are worth, and when they pay back their cost",
               .fields = kLtvFields,
               .examples = kExamples,
               .chart = "ltv"},
      .parse = parse,
      .write = write,
      .check = check,
      .describe = describe,
      .plan = plan_ltv,
      .row_period = own_period,
      .ranked_event = [](const LtvQuery& ask) -> const Selector& { return ask.cohort_event; }};
  return kRow;
}

}  // namespace rollcall
