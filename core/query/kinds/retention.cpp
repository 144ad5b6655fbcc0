// Retention asks which users of a cohort came back, period by period.
#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "core/query/kinds/kind_rows.h"
#include "core/query/kinds/kind_table.h"
#include "core/query/kinds/retention_table.h"
#include "core/query/text/explanation.h"
#include "core/query/text/query_validation.h"
#include "core/query/text/selector_json.h"

namespace rollcall {
namespace {

using Cohort = RetentionQuery::Cohort;
using Mode = RetentionQuery::Mode;
using Measure = RetentionQuery::Measure;
using BreakdownMatch = RetentionQuery::BreakdownMatch;
using Windows = RetentionQuery::Windows;
using FirstOf = RetentionQuery::FirstOf;
using ValueFrom = RetentionQuery::ValueFrom;

// Is a field that aggregates cannot answer, with the reason, which goes on from "as ".
struct FieldOfHistory {
  std::string_view name;
  std::string_view reason;
};

std::optional<FieldOfHistory> field_of_history(const RetentionQuery& ask,
                                               const PlanContext& context) {
  if (is_by_clock(ask.period)) return FieldOfHistory{"period", context.events->why_all()};
  if (ask.windows == Windows::kRolling) {
    return FieldOfHistory{"windows", "rolling windows are elapsed time"};
  }
  if (ask.first_of == FirstOf::kName && !ask.cohort_event.where.empty()) {
    return FieldOfHistory{"first_of", "first_of asks what the very first event of a name was like"};
  }
  if (ask.min_return_count > 1) {
    return FieldOfHistory{"min_return_count",
                          "min_return_count counts the events of a user in a period"};
  }
  if (ask.value_from == ValueFrom::kCohortEvent) {
    return FieldOfHistory{"value_from", "value_from parts the amounts of a period at an event"};
  }
  return {};
}

PlanResult plan(const RetentionQuery& ask, const Query& query, const PlanContext& context) {
  const std::optional<FieldOfHistory> field = field_of_history(ask, context);
  if (!field) return make_retention_from_aggregates(query, context);
  ROLLCALL_RETURN_IF_ERROR(check_history(fmt::format("retention: {}", field->name), context));
  return make_retention_from_history(query, context, field->reason);
}

// --- The row. ---

constexpr std::array<Spelling<Cohort>, 3> kCohortNames = {
    {{"first_ever", Cohort::kFirstEver},
     {"first_in_range", Cohort::kFirstInRange},
     {"recurring", Cohort::kRecurring}}};

constexpr std::array<Spelling<Mode>, 4> kModeNames = {{{"on", Mode::kOn},
                                                       {"on_or_after", Mode::kOnOrAfter},
                                                       {"on_or_before", Mode::kOnOrBefore},
                                                       {"streak", Mode::kStreak}}};

constexpr std::array<Spelling<Measure>, 2> kMeasureNames = {
    {{"users", Measure::kUsers}, {"value", Measure::kValue}}};

constexpr std::array<Spelling<BreakdownMatch>, 2> kBreakdownMatchNames = {
    {{"cohort", BreakdownMatch::kCohort}, {"both", BreakdownMatch::kBoth}}};

constexpr std::array<Spelling<Windows>, 2> kWindowsNames = {
    {{"calendar", Windows::kCalendar}, {"rolling", Windows::kRolling}}};

constexpr std::array<Spelling<FirstOf>, 2> kFirstOfNames = {
    {{"matching", FirstOf::kMatching}, {"name", FirstOf::kName}}};

constexpr std::array<Spelling<ValueFrom>, 2> kValueFromNames = {
    {{"period", ValueFrom::kPeriod}, {"cohort_event", ValueFrom::kCohortEvent}}};

constexpr std::int32_t kPeriodCountMax = std::numeric_limits<std::int32_t>::max();

constexpr std::int32_t kReturnCountMax = std::numeric_limits<std::int32_t>::max();

constexpr std::string_view kBothEvents[] = {"cohort_event", "return_event"};
constexpr std::string_view kPeriodsField[] = {"periods"};

constexpr QueryField kRetentionFields[] = {
    {.name = "event",
     .type = FieldType::kEvent,
     .meaning = "Event of both kinds",
     .stands_for = kBothEvents},
    field_of_event("cohort_event", "Event that makes a user join"),
    field_of_event("return_event", "Event that counts as coming back"),
    field_of_word("cohort", "When a user joins", "\"first_ever\"", kWordsOf<kCohortNames>),
    field_of_word("first_of", "Which event is the first: one that matches, or one of its name",
                  "\"matching\"", kWordsOf<kFirstOfNames>),
    field_of_word("mode", "When a user counts as back", "\"on\"", kWordsOf<kModeNames>),
    {.name = "min_return_count",
     .type = FieldType::kInteger,
     .meaning = "Return events in a period that make a user seen in it",
     .default_json = "1",
     .min = 1,
     .max = kReturnCountMax},
    kPeriodField,
    field_of_word("windows", "Civil periods, or elapsed time since the user's own first event",
                  "\"calendar\"", kWordsOf<kWindowsNames>),
    field_of_integer("periods", "Columns after the first: unless given, 14 for days, else 12", 0,
                     kPeriodCountMax),
    {.name = "brackets",
     .type = FieldType::kIntegers,
     .meaning = "Sizes of column groups, such as 1,2,4",
     .min = 1,
     .max = kPeriodCountMax,
     .excludes = kPeriodsField},
    field_of_word("summary", "How the last row sums up", "\"pooled\"", kWordsOf<kSummaryNames>),
    field_of_word("measure", "What a cell holds: users, or the amounts of their return events",
                  "\"users\"", kWordsOf<kMeasureNames>),
    {.name = "value_from",
     .type = FieldType::kWord,
     .meaning = "Where amounts of the cohort's own period begin to count",
     .default_json = "\"period\"",
     .words = kWordsOf<kValueFromNames>,
     .needs = "measure"},
    {.name = "breakdown_match",
     .type = FieldType::kWord,
     .meaning = "Whose value counts in a breakdown: the cohort event's, or both events'",
     .default_json = "\"cohort\"",
     .words = kWordsOf<kBreakdownMatchNames>,
     .needs = "breakdown"}};

Status parse(const QueryObject& object, RetentionQuery& ask) {
  if (object.has("event") && (object.has("cohort_event") || object.has("return_event"))) {
    return object.fault("event: stands for cohort_event and return_event: give either, found both");
  }
  const FieldReader event = {
      "event", [&ask](const Json& value, const std::string& path) -> Status {
        ROLLCALL_RETURN_IF_ERROR(read_selector(value, path, ask.cohort_event));
        ask.return_event = ask.cohort_event;
        return {};
      }};
  const FieldReader min_return_count = {"min_return_count",
                                        [&ask](const Json& value, const std::string& path) {
                                          return read_integer(value, path, ask.min_return_count);
                                        }};
  const FieldReader brackets = {"brackets", [&ask](const Json& value, const std::string& path) {
                                  return !value.is_array() || value.empty()
                                             ? unexpected(path, "a list of whole numbers", value)
                                             : read_integers(value, path, ask.brackets);
                                }};
  return object.read({event, selector_field("cohort_event", ask.cohort_event),
                      selector_field("return_event", ask.return_event),
                      word_field("cohort", kCohortNames, ask.cohort),
                      word_field("first_of", kFirstOfNames, ask.first_of),
                      word_field("period", kAllPeriodNames, ask.period),
                      optional_integer_field("periods", ask.periods),
                      word_field("mode", kModeNames, ask.mode), min_return_count, brackets,
                      word_field("windows", kWindowsNames, ask.windows),
                      word_field("summary", kSummaryNames, ask.summary),
                      word_field("measure", kMeasureNames, ask.measure),
                      word_field("value_from", kValueFromNames, ask.value_from),
                      word_field("breakdown_match", kBreakdownMatchNames, ask.breakdown_match)});
}

JsonFields write(const RetentionQuery& ask) {
  JsonFields fields = {{"cohort_event", selector_json(ask.cohort_event)},
                       {"return_event", selector_json(ask.return_event)},
                       {"cohort", word(kCohortNames, ask.cohort)}};
  fields.emplace_back("first_of", word(kFirstOfNames, ask.first_of));
  fields.emplace_back("period", word(kAllPeriodNames, ask.period));
  fields.emplace_back("windows", word(kWindowsNames, ask.windows));
  if (ask.periods) fields.emplace_back("periods", std::to_string(*ask.periods));
  fields.emplace_back("mode", word(kModeNames, ask.mode));
  fields.emplace_back("min_return_count", std::to_string(ask.min_return_count));
  if (!ask.brackets.empty()) fields.emplace_back("brackets", integer_list(ask.brackets));
  fields.emplace_back("summary", word(kSummaryNames, ask.summary));
  fields.emplace_back("measure", word(kMeasureNames, ask.measure));
  fields.emplace_back("value_from", word(kValueFromNames, ask.value_from));
  return fields;
}

JsonFields write_of_breakdown(const RetentionQuery& ask) {
  return {{"breakdown_match", word(kBreakdownMatchNames, ask.breakdown_match)}};
}

// Checks the fields that need history.
Status check_of_history(const RetentionQuery& ask) {
  if (ask.windows == Windows::kRolling && ask.cohort == Cohort::kRecurring) {
    return Status::invalid_argument(
        "windows: \"rolling\" does not go with the cohort \"recurring\", as its windows begin at "
        "one event of a user (allowed: first_ever, first_in_range)");
  }
  if (ask.windows == Windows::kRolling && ask.period == Period::kQuarter) {
    return Status::invalid_argument(
        "windows: \"rolling\" does not go with the period \"quarter\" (allowed: minute, hour, day, "
        "week, fortnight, month: 1 minute, 1 and 24 hours, 7, 14 and 30 days)");
  }
  if (ask.first_of == FirstOf::kName && ask.cohort != Cohort::kFirstEver) {
    return Status::invalid_argument(
        fmt::format("first_of: \"name\" goes with the cohort \"first_ever\" only, found \"{}\"",
                    name_of(kCohortNames, ask.cohort)));
  }
  ROLLCALL_RETURN_IF_ERROR(
      check_whole_number("min_return_count", ask.min_return_count, 1, kReturnCountMax));
  if (ask.min_return_count > 1 && ask.measure == Measure::kValue) {
    return Status::invalid_argument(fmt::format(
        "min_return_count: goes with the measure \"users\" only, found {} and \"value\"",
        ask.min_return_count));
  }
  if (ask.value_from == ValueFrom::kCohortEvent && ask.measure != Measure::kValue) {
    return Status::invalid_argument(
        "value_from: \"cohort_event\" goes with the measure \"value\" only, found \"users\"");
  }
  return {};
}

Status check(const RetentionQuery& ask) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("cohort_event", ask.cohort_event));
  ROLLCALL_RETURN_IF_ERROR(check_selector("return_event", ask.return_event));
  if (ask.periods) {
    ROLLCALL_RETURN_IF_ERROR(check_whole_number("periods", *ask.periods, 0, kPeriodCountMax));
    if (!ask.brackets.empty()) {
      return Status::invalid_argument("brackets: stand for periods: give either, found both");
    }
  }
  std::int64_t sum = 0;
  for (const std::int32_t size : ask.brackets) {
    ROLLCALL_RETURN_IF_ERROR(check_whole_number("brackets: a size", size, 1, kPeriodCountMax));
    sum += size;
    ROLLCALL_RETURN_IF_ERROR(check_whole_number("brackets: their sum", sum, 1, kPeriodCountMax));
  }
  return check_of_history(ask);
}

std::string_view window_words(Period period) {
  switch (period) {
    case Period::kMinute:
      return "60 seconds";
    case Period::kHour:
      return "60 minutes";
    case Period::kDay:
      return "24 hours";
    case Period::kWeek:
      return "7 days of 24 hours";
    case Period::kFortnight:
      return "14 days of 24 hours";
    case Period::kMonth:
    case Period::kQuarter:
      break;
  }
  return "30 days of 24 hours";
}

std::string cohort_words(const RetentionQuery& ask) {
  const std::string period = to_string(ask.period);
  if (ask.first_of == FirstOf::kName) {
    Selector named = ask.cohort_event;
    named.where.clear();
    return fmt::format("Users join the cohort of the {} of their first ever {}, if it is {}.",
                       period, event_noun(named), event_words(ask.cohort_event));
  }
  switch (ask.cohort) {
    case Cohort::kFirstEver:
      return fmt::format("Users join the cohort of the {} of their first ever {}.", period,
                         event_noun(ask.cohort_event));
    case Cohort::kFirstInRange:
      return fmt::format("Users join the cohort of the {} of their first {} within the range.",
                         period, event_noun(ask.cohort_event));
    case Cohort::kRecurring:
      break;
  }
  return fmt::format("Users join the cohort of every {} in which they have {}.", period,
                     event_words(ask.cohort_event));
}

std::string mode_words(const RetentionQuery& ask) {
  const std::string period = to_string(ask.period);
  const std::string event = event_words(ask.return_event);
  switch (ask.mode) {
    case Mode::kOn:
      return fmt::format(" A cell counts those of them with {} in the {} so many {}s later.", event,
                         period, period);
    case Mode::kOnOrAfter:
      return fmt::format(
          " A cell counts those of them with {} in the {} so many {}s later, or in "
          "any after it.",
          event, period, period);
    case Mode::kOnOrBefore:
      return fmt::format(
          " A cell counts those of them with {} in any {} from the cohort's own to "
          "the one so many {}s later.",
          event, period, period);
    case Mode::kStreak:
      break;
  }
  return fmt::format(
      " A cell counts those of them with {} in every {} from the cohort's own "
      "to the one so many {}s later.",
      event, period, period);
}

std::string describe(const RetentionQuery& ask) {
  const std::string period = to_string(ask.period);
  std::string text = cohort_words(ask) + mode_words(ask);
  if (!ask.brackets.empty()) text += fmt::format(" Columns are groups of {}s.", period);
  if (ask.windows == Windows::kRolling) {
    text += fmt::format(" A {} lasts {}, counted for each user from that first event on.", period,
                        window_words(ask.period));
  }
  if (ask.min_return_count > 1) {
    text += fmt::format(" Only a {} with at least {} such events counts.", period,
                        ask.min_return_count);
  }
  if (ask.measure == Measure::kValue) {
    text +=
        " What is shown is the sum of the amounts of those return events, in all, for each user of "
        "the cohort, returned or not, and for each who returned.";
  }
  if (ask.value_from == ValueFrom::kCohortEvent) {
    text += fmt::format(
        " In the cohort's own {}, events before the user's first cohort event do not count.",
        period);
  }
  return text;
}

}  // namespace

const KindRow<RetentionQuery>& row_of(std::type_identity<RetentionQuery>) {
  static constexpr std::string_view kExamples[] = {
      R"({"kind": "retention", "cohort_event": "signup", )"
      R"("return_event": "login", "period": "week"})",
      R"({"kind": "retention", "periods": 7, "last": "30d"})"};
  static constexpr KindRow<RetentionQuery> kRow = {
      .kind = {.name = "retention",
               .summary = "Who came back: cohorts by period",
               .fields = kRetentionFields,
               .examples = kExamples},
      .parse = parse,
      .write = write,
      .write_of_breakdown = write_of_breakdown,
      .check = check,
      .describe = describe,
      .plan = plan,
      .row_period = own_period,
      .ranked_event = [](const RetentionQuery& ask) -> const Selector& {
        return ask.cohort_event;
      }};
  return kRow;
}

}  // namespace rollcall
