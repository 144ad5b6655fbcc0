#include "core/query/text/explanation.h"

#include <fmt/format.h>

#include <cstddef>
#include <string_view>
#include <variant>
#include <vector>

#include "core/query/text/date_text.h"
#include "core/query/text/instant_text.h"
#include "core/query/text/query_json.h"
#include "core/query/text/query_names.h"

namespace rollcall {
namespace {

// "a", "b" or "c".
std::string list(const std::vector<std::string>& texts, std::string_view word) {
  std::string result;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    if (i > 0) result += i + 1 == texts.size() ? fmt::format(" {} ", word) : ", ";
    result += quote(texts[i]);
  }
  return result;
}

std::string words(const PropertyCondition& condition) {
  using Test = PropertyCondition::Test;
  const std::string& property = condition.property;
  switch (condition.test) {
    case Test::kAnyOf:
      return fmt::format("{} is {}", property, list(condition.values, "or"));
    case Test::kNoneOf:
      return fmt::format("{} is not {}", property, list(condition.values, "or"));
    case Test::kContains:
      return fmt::format("{} contains {}", property, quote(condition.values[0]));
    case Test::kIsSet:
      return property + " is set";
    case Test::kIsNotSet:
      break;
  }
  return property + " is not set";
}

std::string words(const std::vector<PropertyCondition>& where) {
  std::string text;
  for (const PropertyCondition& condition : where) {
    text += (text.empty() ? " whose " : " and ") + words(condition);
  }
  return text;
}

// "event "login"".
std::string noun(const Selector& selector) {
  std::string text = "event";
  if (selector.match == Selector::Names::kAnyOf) text += " " + list(selector.names, "or");
  if (selector.match == Selector::Names::kNoneOf)
    text += " other than " + list(selector.names, "or");
  return text + words(selector.where);
}

// The same with its article.
std::string words(const Selector& selector) {
  return (selector.match == Selector::Names::kAny ? "any " : "an ") + noun(selector);
}

std::string per(Period period) { return "For each " + to_string(period); }

std::string plural(std::int32_t count, Period period) {
  return count == 1 ? "the " + to_string(period)
                    : fmt::format("the {} {}s", count, to_string(period));
}

std::string meaning(const ActiveQuery& ask) {
  const std::string event = words(ask.event);
  std::string text =
      ask.window_days
          ? fmt::format(
                "For each day: how many distinct users had {} in the {} days that end on it.",
                event, *ask.window_days)
          : fmt::format("{}: how many distinct users had {} in it.", per(ask.period), event);
  if (ask.ratio_to_window) {
    text +=
        fmt::format(" The ratio divides that by the distinct users of the {} days that end there.",
                    *ask.ratio_to_window);
  }
  return text;
}

std::string meaning(const RetentionQuery& ask) {
  const std::string period = to_string(ask.period);
  std::string text;
  switch (ask.cohort) {
    case RetentionQuery::Cohort::kFirstEver:
      text = fmt::format("Users join the cohort of the {} of their first ever {}.", period,
                         noun(ask.cohort_event));
      break;
    case RetentionQuery::Cohort::kFirstInRange:
      text = fmt::format("Users join the cohort of the {} of their first {} within the range.",
                         period, noun(ask.cohort_event));
      break;
    case RetentionQuery::Cohort::kRecurring:
      text = fmt::format("Users join the cohort of every {} in which they have {}.", period,
                         words(ask.cohort_event));
      break;
  }
  const std::string event = words(ask.return_event);
  switch (ask.mode) {
    case RetentionQuery::Mode::kOn:
      text += fmt::format(" A cell counts those of them with {} in the {} so many {}s later.",
                          event, period, period);
      break;
    case RetentionQuery::Mode::kOnOrAfter:
      text += fmt::format(
          " A cell counts those of them with {} in the {} so many {}s later, or in "
          "any after it.",
          event, period, period);
      break;
    case RetentionQuery::Mode::kOnOrBefore:
      text += fmt::format(
          " A cell counts those of them with {} in any {} from the cohort's own to "
          "the one so many {}s later.",
          event, period, period);
      break;
    case RetentionQuery::Mode::kStreak:
      text += fmt::format(
          " A cell counts those of them with {} in every {} from the cohort's own "
          "to the one so many {}s later.",
          event, period, period);
      break;
  }
  if (!ask.brackets.empty()) text += fmt::format(" Columns are groups of {}s.", period);
  if (ask.measure == RetentionQuery::Measure::kValue) {
    text +=
        " What is shown is the sum of the amounts of those return events, in all and for each "
        "user of the cohort, returned or not.";
  }
  return text;
}

std::string meaning(const ChurnQuery& ask) {
  const auto* gap = std::get_if<ChurnQuery::GapDays>(&ask.rule);
  const auto [period, count] = gap != nullptr ? ChurnQuery::NextPeriods{Period::kDay, gap->days}
                                              : std::get<ChurnQuery::NextPeriods>(ask.rule);
  const std::string base = ask.base == ChurnQuery::Base::kNew
                               ? fmt::format("users whose first ever {} lies", noun(ask.event))
                               : fmt::format("users with {}", words(ask.event));
  return fmt::format(
      "{}: the {} in it are its base; those with such an event in {} after it are retained, the "
      "others have churned, and those of them who came back later, up to as_of, are recalled.",
      per(period), base, plural(count, period));
}

std::string meaning(const IdleQuery& ask) {
  return fmt::format("Everybody who ever had {}, by whole days since the last one, at as_of.",
                     words(ask.event));
}

std::string meaning(const CountsQuery& ask) {
  const std::string event = words(ask.event);
  if (ask.by_hour) {
    return fmt::format(
        "For each hour of each day: how often {} happened, and the sum of the amounts.", event);
  }
  return fmt::format(
      "{}: how often {} happened, to how many distinct users, and the sum of the "
      "amounts; both also for each of these users.",
      per(ask.period), event);
}

std::string meaning(const LifecycleQuery& ask) {
  return fmt::format(
      "{0}: users with {1} in it, by whether it is their first ever (new), they also had one in "
      "the "
      "{2} before (returning), or only earlier (resurrecting); dormant are those with one in the "
      "{2} "
      "before and none in this one.",
      per(ask.period), words(ask.event), to_string(ask.period));
}

std::string meaning(const StickinessQuery& ask) {
  const std::string event = words(ask.event);
  if (ask.window_days) {
    return fmt::format(
        "For each day: users with {} in the {} days that end on it, by on how many of "
        "these days they had one; and the mean of that.",
        event, *ask.window_days);
  }
  return fmt::format("Users with {} in the range, by in how many of its {}s they had one.", event,
                     to_string(ask.period));
}

std::string meaning(const SegmentQuery& ask) {
  return fmt::format("How many users are in the segment {}.", to_string(ask.segment));
}

std::string range_words(const QueryCommon& common) {
  if (common.last) return fmt::format(" The range is the last {}.", to_string(*common.last));
  if (!common.from && !common.to) return "";
  std::string text = " The range begins with ";
  text += common.from ? to_string(*common.from) : "the first day of the data";
  text += " and ends with ";
  return text + (common.to ? to_string(*common.to) : "the day of as_of") +
         ", both widened to whole periods.";
}

std::string as_of_words(const QueryCommon& common) {
  if (!common.as_of) return " The data are known up to the latest event.";
  if (const auto* time = std::get_if<TimeUs>(&*common.as_of)) {
    return fmt::format(" What happened after {} is not looked at.", format_instant(*time));
  }
  const auto* day = std::get_if<Day>(&*common.as_of);
  return fmt::format(" What happened after {} is not looked at.",
                     day != nullptr ? to_string(*day)
                                    : to_string(DateText(std::get<RelativeDate>(*common.as_of))));
}

}  // namespace

std::string describe(const Query& query) {
  const QueryCommon& common = query.common;
  std::string text = std::visit([](const auto& ask) { return meaning(ask); }, query.ask);
  if (!common.where.empty()) text += fmt::format(" Only events count{}.", words(common.where));
  if (common.among) {
    text += fmt::format(" Only users of {} are looked at.", to_string(*common.among));
  }
  text += range_words(common) + as_of_words(common);
  if (!common.breakdown.empty()) {
    text += fmt::format(
        " The answer is given for each value of {}: the {} with the most users, and "
        "the rest as {}; a user with several values counts for each.",
        common.breakdown, common.breakdown_limit, quote(kOtherName));
  }
  if (common.members) {
    text += " Instead of the numbers, the users behind one of them are listed.";
  } else if (!std::holds_alternative<IdleQuery>(query.ask) &&
             !std::holds_alternative<SegmentQuery>(query.ask)) {
    text +=
        " A row is complete once every day that it needs has ended; until then it holds the "
        "count so far, and no rate.";
  }
  return text;
}

std::string describe(SeriesId series, const SeriesCatalog& catalog) {
  if (series == kAnySeries) return "any event";
  const SeriesCatalog::Series& made_of = catalog.series(series);
  std::string text = "event " + quote(catalog.events().values()[made_of.event]);
  if (!made_of.is_event()) {
    text += fmt::format(", {} {}", catalog.dimensions()[made_of.dimension],
                        quote(catalog.values(made_of.dimension).values()[made_of.value]));
  }
  return text;
}

}  // namespace rollcall
