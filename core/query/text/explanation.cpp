#include "core/query/text/explanation.h"

#include <fmt/format.h>

#include <cstddef>
#include <string_view>
#include <variant>
#include <vector>

#include "core/query/text/date_text.h"
#include "core/query/text/instant_text.h"
#include "core/query/text/query_json.h"

namespace rollcall {
namespace {

// Returns "a", "b" or "c".
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
      return property + " is not set";
    case Test::kMore:
      return fmt::format("{} is more than {}", property, condition.values[0]);
    case Test::kAtLeast:
      return fmt::format("{} is at least {}", property, condition.values[0]);
    case Test::kLess:
      return fmt::format("{} is less than {}", property, condition.values[0]);
    case Test::kAtMost:
      return fmt::format("{} is at most {}", property, condition.values[0]);
    case Test::kEquals:
      break;
  }
  return fmt::format("{} is the number {}", property, condition.values[0]);
}

std::string words(const std::vector<PropertyCondition>& where) {
  std::string text;
  for (const PropertyCondition& condition : where) {
    text += (text.empty() ? " whose " : " and ") + words(condition);
  }
  return text;
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

std::string event_noun(const Selector& selector) {
  std::string text = "event";
  if (selector.match == Selector::Names::kAnyOf) text += " " + list(selector.names, "or");
  if (selector.match == Selector::Names::kNoneOf)
    text += " other than " + list(selector.names, "or");
  return text + words(selector.where);
}

std::string event_words(const Selector& selector) {
  return (selector.match == Selector::Names::kAny ? "any " : "an ") + event_noun(selector);
}

std::string each_period(Period period) { return "For each " + to_string(period); }

std::string periods_words(std::int32_t count, Period period) {
  return count == 1 ? "the " + to_string(period)
                    : fmt::format("the {} {}s", count, to_string(period));
}

std::string describe_common(const QueryCommon& common, std::optional<Period> needed,
                            bool gives_early_rates) {
  std::string text;
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
  } else if (needed) {
    text += fmt::format(
        " A row is complete once every {} that it needs has ended; until then it holds the "
        "count so far, and {}.",
        to_string(*needed), gives_early_rates ? "the rate of that" : "no rate");
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
