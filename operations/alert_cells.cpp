#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstddef>
#include <set>
#include <string_view>
#include <utility>

#include "rollcall/alert.h"
#include "rollcall/dates.h"
#include "rollcall/message_text.h"

namespace rollcall {

namespace {

constexpr TimeUs kSecondUs = 1'000'000;
constexpr TimeUs kDayUs = 86'400 * kSecondUs;

Status no_such_answer(std::string_view field, const std::string& what) {
  return Status::invalid_argument("alert: " + std::string(field) + ": " + what);
}

std::vector<std::string> names_of(const std::vector<std::size_t>& numbers,
                                  const QueryResult& answer) {
  std::vector<std::string> names;
  for (const std::size_t number : numbers) names.push_back(answer.columns[number].name);
  return names;
}

bool is_date(ColumnType type) { return type == ColumnType::kDate || type == ColumnType::kTime; }

bool is_number(ColumnType type) {
  return type == ColumnType::kCount || type == ColumnType::kInt || type == ColumnType::kRatio ||
         type == ColumnType::kDecimal;
}

// Returns the key columns. An answer whose columns can be spread over a matrix says which; others
// begin with them.
std::vector<std::size_t> key_columns(const QueryResult& answer) {
  std::vector<std::size_t> keys;
  for (std::size_t i = 0; i < answer.columns.size(); ++i) {
    const Column& column = answer.columns[i];
    if (answer.pivot) {
      const std::vector<std::string>& rows = answer.pivot->rows;
      const bool is_key = column.name == answer.pivot->column ||
                          std::find(rows.begin(), rows.end(), column.name) != rows.end();
      if (is_key) keys.push_back(i);
    } else if (is_date(column.type) || column.type == ColumnType::kString ||
               column.type == ColumnType::kInt) {
      keys.push_back(i);
    } else {
      break;
    }
  }
  return keys;
}

// Holds where the answer has what an alert looks at.
struct Place {
  std::optional<std::size_t> date;
  std::vector<std::size_t> keys;  // without the date
  std::size_t column = 0;
  std::optional<std::size_t> users;
  std::optional<std::size_t> complete;
};

Result<Place> find_columns(const AlertDefinition& definition, const QueryResult& answer) {
  Place place;
  for (const std::size_t key : key_columns(answer)) {
    if (!place.date && is_date(answer.columns[key].type)) {
      place.date = key;
    } else {
      place.keys.push_back(key);
    }
  }
  std::optional<std::size_t> column;
  std::vector<std::string> numbers;
  for (std::size_t i = 0; i < answer.columns.size(); ++i) {
    const Column& found = answer.columns[i];
    const bool is_key = std::find(place.keys.begin(), place.keys.end(), i) != place.keys.end();
    if (is_number(found.type) && !is_key) {
      numbers.push_back(found.name);
      if (found.name == definition.column) column = i;
    }
    if (found.type == ColumnType::kCount && !place.users) place.users = i;
    if (found.type == ColumnType::kBool && found.name == "complete") place.complete = i;
  }
  if (!column) return no_such_answer("column", unknown_name("number", definition.column, numbers));
  place.column = *column;
  const std::vector<std::string> keys = names_of(place.keys, answer);
  for (const auto& [name, value] : definition.where) {
    if (std::find(keys.begin(), keys.end(), name) == keys.end()) {
      return no_such_answer("where", unknown_name("key column", name, keys));
    }
  }
  if (definition.min_users > 0 && !place.users) {
    return no_such_answer("min_users", "the answer has no count (allowed: with one that has)");
  }
  if (definition.condition.test == AlertCondition::Test::kChange && !place.date) {
    return no_such_answer("condition",
                          "change: the answer has no dates to compare (allowed: below, above)");
  }
  return place;
}

std::optional<std::string> text_of(const Cell& cell) {
  if (const auto* text = std::get_if<std::string>(&cell)) return *text;
  if (const auto* number = std::get_if<std::int64_t>(&cell)) return std::to_string(*number);
  if (const auto* day = std::get_if<Day>(&cell)) return to_string(*day);
  if (const auto* time = std::get_if<ZonedTime>(&cell)) return to_string(*time);
  return std::nullopt;
}

std::optional<double> number_of(const Cell& cell) {
  if (const auto* number = std::get_if<double>(&cell)) return *number;
  if (const auto* count = std::get_if<std::int64_t>(&cell)) return static_cast<double>(*count);
  const auto* decimal = std::get_if<std::string>(&cell);
  double number = 0;
  if (decimal == nullptr) return std::nullopt;
  const char* end = decimal->data() + decimal->size();
  if (std::from_chars(decimal->data(), end, number).ptr != end) return std::nullopt;
  return number;
}

// Returns the period of the answer's dates, by its definition.
std::string_view period_of(const QueryResult& answer) {
  constexpr std::string_view kPeriods[] = {"minute", "hour",    "week",
                                           "month",  "quarter", "fortnight"};
  for (const auto& [field, json] : answer.definition) {
    // The period of a rule stands within it.
    if (field != "period" && field != "rule") continue;
    for (const std::string_view period : kPeriods) {
      if (json.find('"' + std::string(period) + '"') != std::string::npos) return period;
    }
  }
  return "day";
}

Day next_day(Day day, std::string_view period) {
  if (period == "week") return day + 7;
  if (period == "fortnight") return day + 14;
  if (period != "month" && period != "quarter") return day + 1;
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{day.value}}};
  const std::chrono::year_month_day next = date + std::chrono::months{period == "month" ? 1 : 3};
  const auto days = std::chrono::sys_days{next.year() / next.month() / 1}.time_since_epoch();
  return {static_cast<std::int32_t>(days.count())};
}

// Holds the instant in RFC 3339 that an answer is as of.
struct AsOfInstant {
  TimeUs time_us = 0;
  TimeUs offset_us = 0;  // of local clocks
};

std::optional<int> digits(std::string_view text, std::size_t begin, std::size_t count) {
  int number = 0;
  if (text.size() < begin + count) return std::nullopt;
  const char* end = text.data() + begin + count;
  if (std::from_chars(text.data() + begin, end, number).ptr != end) return std::nullopt;
  return number;
}

Result<AsOfInstant> parse_as_of(const std::string& text) {
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!year || !month || !day || !hour || !minute || !second) {
    return no_such_answer("as_of", "not an instant: " + quoted_excerpt(text));
  }
  const std::chrono::year_month_day date{std::chrono::year{*year} / *month / *day};
  const TimeUs local_us = std::chrono::sys_days{date}.time_since_epoch().count() * kDayUs +
                          (*hour * 3600 + *minute * 60 + *second) * kSecondUs;
  const std::size_t sign = text.find_first_of("+-", 19);
  if (sign == std::string::npos) return AsOfInstant{local_us, 0};
  const auto hours = digits(text, sign + 1, 2), minutes = digits(text, sign + 4, 2);
  if (!hours || !minutes) return no_such_answer("as_of", "no offset in " + quoted_excerpt(text));
  const TimeUs offset_us = (*hours * 60 + *minutes) * 60 * kSecondUs * (text[sign] == '-' ? -1 : 1);
  return AsOfInstant{local_us - offset_us, offset_us};
}

// Sets when the cell begins and ends. Returns whether the row has a date.
bool set_times(const Cell* date, const std::string& as_of_text, const AsOfInstant& as_of,
               std::string_view period, AlertCell& cell) {
  if (date == nullptr) {
    cell.begin_us = cell.next_us = cell.end_us = as_of.time_us;
    cell.date = as_of_text;
    return true;
  }
  if (const auto* day = std::get_if<Day>(date)) {
    cell.begin_us = day->value * kDayUs;
    cell.next_us = next_day(*day, period).value * kDayUs;
    cell.end_us = cell.next_us - as_of.offset_us;
    cell.date = to_string(*day);
    return true;
  }
  if (const auto* time = std::get_if<ZonedTime>(date)) {
    cell.begin_us = time->time;
    cell.next_us = cell.end_us = time->time + (period == "minute" ? 60 : 3600) * kSecondUs;
    cell.date = to_string(*time);
    return true;
  }
  return false;
}

bool is_looked_at(const AlertDefinition& definition, const AlertSeries& series) {
  return std::all_of(definition.where.begin(), definition.where.end(), [&](const auto& fixed) {
    return std::find(series.begin(), series.end(), fixed) != series.end();
  });
}

}  // namespace

Result<std::vector<AlertCell>> alert_cells(const AlertDefinition& definition,
                                           const QueryResult& answer) {
  ROLLCALL_ASSIGN_OR_RETURN(const Place place, find_columns(definition, answer));
  ROLLCALL_ASSIGN_OR_RETURN(const AsOfInstant as_of, parse_as_of(answer.as_of));
  const std::string_view period = period_of(answer);
  const bool is_long = period == "month" || period == "quarter" || period == "fortnight";
  if (is_long && definition.condition.test == AlertCondition::Test::kChange &&
      definition.condition.reference == AlertCondition::Reference::kWeekBefore) {
    return no_such_answer("condition", "against: a " + std::string(period) +
                                           " has none that began seven days before (allowed: "
                                           "previous, mean_of)");
  }
  std::vector<AlertCell> cells;
  std::set<AlertSeries> all_series;
  for (const std::vector<Cell>& row : answer.rows) {
    AlertCell cell;
    const Cell* const date = place.date ? &row[*place.date] : nullptr;
    if (!set_times(date, answer.as_of, as_of, period, cell)) continue;
    for (const std::size_t key : place.keys) {
      cell.series.emplace_back(answer.columns[key].name, text_of(row[key]));
    }
    if (!is_looked_at(definition, cell.series)) continue;
    cell.value = number_of(row[place.column]);
    if (place.users) {
      const auto* users = std::get_if<std::int64_t>(&row[*place.users]);
      if (users != nullptr) cell.users = *users;
    }
    const auto* complete = place.complete ? std::get_if<bool>(&row[*place.complete]) : nullptr;
    cell.complete = !place.complete || (complete != nullptr && *complete);
    all_series.insert(cell.series);
    cells.push_back(std::move(cell));
  }
  if (all_series.size() > AlertDefinition::kSeriesMax) {
    return Status::resource_exhausted(
        "alert: the answer has " + std::to_string(all_series.size()) + " series (allowed: up to " +
        std::to_string(AlertDefinition::kSeriesMax) + "; where names the one to look at)");
  }
  return cells;
}

}  // namespace rollcall
