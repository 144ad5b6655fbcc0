#include "rollcall/option_hint.h"

#include <algorithm>
#include <utility>

namespace rollcall {

std::string_view name_of(Option option) {
  switch (option) {
    case Option::kFormat:
      return "format";
    case Option::kDelimiter:
      return "delimiter";
    case Option::kQuotes:
      return "quotes";
    case Option::kSkipLines:
      return "skip_lines";
    case Option::kComment:
      return "comment";
    case Option::kColumns:
      return "columns";
    case Option::kUser:
      return "user";
    case Option::kEvent:
      return "event";
    case Option::kTime:
      return "time";
    case Option::kValue:
      return "value";
    case Option::kEventName:
      return "event_name";
    case Option::kTimeFormat:
      return "time_format";
    case Option::kTimeUnit:
      return "time_unit";
    case Option::kDecimal:
      return "decimal";
    case Option::kGrouping:
      return "grouping";
    case Option::kCurrency:
      return "currency";
    case Option::kRoundValues:
      return "round_values";
    case Option::kRejectNullUsers:
      return "reject_null_users";
    case Option::kAgain:
      return "again";
    case Option::kTimeMin:
      return "time_min";
    case Option::kTimeMax:
      return "time_max";
    case Option::kLineBytesMax:
      return "line_bytes_max";
    case Option::kUserBytesMax:
      return "user_bytes_max";
    case Option::kReject:
      return "reject";
    case Option::kTimeZone:
      return "time_zone";
    case Option::kUserKind:
      return "user_kind";
    case Option::kDimensions:
      return "dimensions";
    case Option::kKeptProperties:
      return "kept_properties";
    case Option::kPartitionCount:
      return "partition_count";
    case Option::kValueDecimals:
      return "value_decimals";
    case Option::kEventNamesMax:
      return "event_names_max";
    case Option::kDimensionValuesMax:
      return "dimension_values_max";
    case Option::kHistoryDays:
      return "history_days";
    case Option::kQuestionDirectories:
      return "question_directories";
    case Option::kAcceptRollback:
      return "accept_rollback";
  }
  return "";
}

OptionHint::OptionHint(Option option, std::string value) { or_else(option, std::move(value)); }

OptionHint& OptionHint::or_else(Option option, std::string value) & {
  Way& way = ways.emplace_back();
  way.push_back({option, std::move(value)});
  return *this;
}

OptionHint&& OptionHint::or_else(Option option, std::string value) && {
  return std::move(or_else(option, std::move(value)));
}

bool OptionHint::names(Option option) const {
  return std::any_of(ways.begin(), ways.end(), [&](const Way& way) {
    return std::any_of(way.begin(), way.end(),
                       [&](const OptionValue& set) { return set.option == option; });
  });
}

bool OptionHint::names(Option option, std::string_view value) const {
  return std::any_of(ways.begin(), ways.end(), [&](const Way& way) {
    return std::any_of(way.begin(), way.end(), [&](const OptionValue& set) {
      return set.option == option && set.value == value;
    });
  });
}

std::string to_string(const OptionHint& hint) {
  std::string text;
  for (const OptionHint::Way& way : hint.ways) {
    if (!text.empty()) text += " or ";
    for (std::size_t i = 0; i < way.size(); ++i) {
      if (i > 0) text += " and ";
      text += name_of(way[i].option);
      if (!way[i].value.empty()) text.append(" = ").append(way[i].value);
    }
  }
  return text;
}

}  // namespace rollcall
