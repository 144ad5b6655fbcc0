#include "tests/support/naive_engine.h"

#include <date/date.h>

#include <algorithm>
#include <chrono>
#include <utility>

namespace rollcall::testing {

namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

date::sys_days civil(Day day) { return date::sys_days{date::days{day.value}}; }

template <class DayPoint>
Day day_from(DayPoint point) {
  return Day{static_cast<std::int32_t>(point.time_since_epoch().count())};
}

TimeUs whole_seconds(TimeUs time) {
  return microseconds{std::chrono::floor<seconds>(microseconds{time})}.count();
}

// The first day of the period `count` periods after the one named `first_day`.
Day shift(Day first_day, Period period, std::int32_t count) {
  switch (period) {
    case Period::kDay:
      return first_day + count;
    case Period::kWeek:
      return first_day + 7 * count;
    case Period::kFortnight:
      return first_day + 14 * count;
    case Period::kMonth:
      return day_from(date::sys_days{date::year_month_day{civil(first_day)} + date::months{count}});
    case Period::kQuarter:
      return day_from(
          date::sys_days{date::year_month_day{civil(first_day)} + date::months{3 * count}});
  }
  return first_day;
}

bool any_day_in(const std::set<Day>& days, Day first, Day last) {
  const auto day = days.lower_bound(first);
  return day != days.end() && *day <= last;
}

// Null over nobody, and while it is not yet known.
Cell ratio(std::int64_t part, std::int64_t whole, bool complete = true) {
  Cell cell;
  if (whole != 0 && complete) cell = static_cast<double>(part) / static_cast<double>(whole);
  return cell;
}

bool holds(const PropertyCondition& condition, const std::string& value) {
  const bool listed =
      std::find(condition.values.begin(), condition.values.end(), value) != condition.values.end();
  switch (condition.test) {
    case PropertyCondition::Test::kAnyOf:
      return listed;
    case PropertyCondition::Test::kNoneOf:
      return !listed;
    case PropertyCondition::Test::kContains:
      return value.find(condition.values.at(0)) != std::string::npos;
    case PropertyCondition::Test::kIsSet:
      return !value.empty();
    case PropertyCondition::Test::kIsNotSet:
      return value.empty();
  }
  return false;
}

// A column of a retention table: periods `first` to `last` after the cohort's own.
struct PeriodGroup {
  std::int32_t first = 0;
  std::int32_t last = 0;
};

std::vector<PeriodGroup> columns_of(const RetentionQuery& ask) {
  std::vector<PeriodGroup> columns{{0, 0}};
  if (!ask.brackets.empty()) {
    for (const std::int32_t size : ask.brackets) {
      const std::int32_t first = columns.back().last + 1;
      columns.push_back({first, first + size - 1});
    }
    return columns;
  }
  const std::int32_t periods = ask.periods.value_or(ask.period == Period::kDay ? 14 : 12);
  for (std::int32_t k = 1; k <= periods; ++k) columns.push_back({k, k});
  return columns;
}

Cell column_label(const RetentionQuery& ask, PeriodGroup column) {
  if (ask.brackets.empty()) return std::int64_t{column.first};
  if (column.first == column.last) return std::to_string(column.first);
  return std::to_string(column.first) + "-" + std::to_string(column.last);
}

}  // namespace

NaiveEngine::NaiveEngine(StoreSettings settings)
    : settings_(std::move(settings)), zone_(settings_.time_zone) {}

void NaiveEngine::ingest(const std::vector<NaiveEvent>& events) {
  for (const NaiveEvent& event : events) {
    const Day day = zone_.day_of(event.time);
    const TimeUs known = event.whole_day ? zone_.last_second_of(day) : event.time;
    events_.push_back(event);
    days_.push_back(day);
    event_names_.insert(event.event);
    known_until_ = std::max(known_until_.value_or(known), known);
  }
}

Result<QueryResult> NaiveEngine::query(std::string_view json) const {
  ROLLCALL_ASSIGN_OR_RETURN(const Query parsed, parse_query(json, settings_.time_zone));
  return query(parsed);
}

Result<QueryResult> NaiveEngine::query(const Query& query) const {
  ROLLCALL_RETURN_IF_ERROR(check(query));
  ROLLCALL_ASSIGN_OR_RETURN(const Now at, now(query.common));
  auto answer = [&](const auto& ask) -> Result<QueryResult> {
    using Ask = std::decay_t<decltype(ask)>;
    if constexpr (std::is_same_v<Ask, ActiveQuery>) return active(ask, query.common, at);
    if constexpr (std::is_same_v<Ask, RetentionQuery>) return retention(ask, query.common, at);
    if constexpr (std::is_same_v<Ask, ChurnQuery>) return churn(ask, query.common, at);
    if constexpr (std::is_same_v<Ask, IdleQuery>) return idle(ask, query.common, at);
  };
  ROLLCALL_ASSIGN_OR_RETURN(QueryResult result, std::visit(answer, query.ask));
  if (known_until_ || query.common.as_of) result.as_of = zone_.format(at.time);
  return result;
}

// ---- Periods ----

// The first day of the period that holds `day`.
Day NaiveEngine::period_of(Day day, Period period) const {
  const date::weekday week_start =
      settings_.week_start == WeekStart::kMonday ? date::Monday : date::Sunday;
  const Day week = day - (date::weekday{civil(day)} - week_start).count();
  const Day first_week_of_all = settings_.week_start == WeekStart::kMonday ? Day{4} : Day{3};
  const date::year_month_day date{civil(day)};
  const unsigned month = static_cast<unsigned>(date.month());
  switch (period) {
    case Period::kDay:
      return day;
    case Period::kWeek:
      return week;
    case Period::kFortnight:
      return (week - first_week_of_all) / 7 % 2 == 0 ? week : week - 7;
    case Period::kMonth:
      return day_from(date::sys_days{date.year() / date.month() / 1});
    case Period::kQuarter:
      return day_from(date::sys_days{date.year() / date::month{(month - 1) / 3 * 3 + 1} / 1});
  }
  return day;
}

Day NaiveEngine::last_day_of(Day first_day, Period period) const {
  return shift(first_day, period, 1) - 1;
}

// ---- What every kind shares ----

Status NaiveEngine::check_names(const Selector& selector,
                                const std::vector<PropertyCondition>& where) const {
  for (const std::string& name : selector.names) {
    if (!event_names_.empty() && !event_names_.contains(name)) {
      return Status::invalid_argument("unknown event: " + name);
    }
  }
  std::set<std::string> properties;
  for (const auto* conditions : {&selector.where, &where}) {
    for (const PropertyCondition& condition : *conditions) {
      properties.insert(condition.property);
      if (std::find(settings_.dimensions.begin(), settings_.dimensions.end(), condition.property) ==
          settings_.dimensions.end()) {
        return Status::invalid_argument("undeclared property: " + condition.property);
      }
    }
  }
  if (properties.size() > 1) return Status::invalid_argument("conditions on two properties");
  return {};
}

Status NaiveEngine::check(const Query& query) const {
  const auto& where = query.common.where;
  if (const auto* ask = std::get_if<RetentionQuery>(&query.ask)) {
    ROLLCALL_RETURN_IF_ERROR(check_names(ask->cohort_event, where));
    return check_names(ask->return_event, where);
  }
  if (const auto* ask = std::get_if<ChurnQuery>(&query.ask)) return check_names(ask->event, where);
  if (const auto* ask = std::get_if<IdleQuery>(&query.ask)) return check_names(ask->event, where);
  return check_names(std::get<ActiveQuery>(query.ask).event, where);
}

Result<NaiveEngine::Now> NaiveEngine::now(const QueryCommon& common) const {
  TimeUs time = known_until_.value_or(0);
  if (common.as_of) {
    const Day* day = std::get_if<Day>(&*common.as_of);
    time = day ? zone_.last_second_of(*day) : std::get<TimeUs>(*common.as_of);
  }
  Now now;
  now.time = whole_seconds(time);
  now.day = zone_.day_of(now.time);
  now.last_ended = now.time >= zone_.last_second_of(now.day) ? now.day : now.day - 1;
  if (!now.ended(now.day) && known_until_ && whole_seconds(*known_until_) > now.time) {
    return Status::invalid_argument("as_of cuts through a day of which more is known");
  }
  return now;
}

// The periods that the question asks for and that begin before or at `now`.
Result<NaiveEngine::Periods> NaiveEngine::range(const QueryCommon& common, Period period,
                                                const Now& now) const {
  if (common.from && common.to && *common.to < *common.from) {
    return Status::invalid_argument("from is later than to");
  }
  if (days_.empty()) return Periods{};
  Day first = common.from.value_or(*std::min_element(days_.begin(), days_.end()));
  const Day last = common.to.value_or(now.day);
  if (common.last) {
    const std::int32_t back = 1 - common.last->count;
    switch (common.last->unit) {
      case 'd':
        first = now.day + back;
        break;
      case 'w':
        first = shift(period_of(now.day, Period::kWeek), Period::kWeek, back);
        break;
      case 'm':
        first = shift(period_of(now.day, Period::kMonth), Period::kMonth, back);
        break;
      case 'q':
        first = shift(period_of(now.day, Period::kQuarter), Period::kQuarter, back);
        break;
      default: {
        const date::year year = date::year_month_day{civil(now.day)}.year() + date::years{back};
        first = day_from(date::sys_days{year / 1 / 1});
      }
    }
  }
  Periods periods;
  for (Day p = period_of(first, period); p <= last && p <= now.day; p = shift(p, period, 1)) {
    periods.push_back(p);
  }
  return periods;
}

bool NaiveEngine::matches(const NaiveEvent& event, const Selector& selector,
                          const std::vector<PropertyCondition>& where) const {
  const bool named =
      std::find(selector.names.begin(), selector.names.end(), event.event) != selector.names.end();
  if (selector.match == Selector::Names::kAnyOf && !named) return false;
  if (selector.match == Selector::Names::kNoneOf && named) return false;
  for (const auto* conditions : {&selector.where, &where}) {
    for (const PropertyCondition& condition : *conditions) {
      const auto value = event.properties.find(condition.property);
      if (!holds(condition, value == event.properties.end() ? "" : value->second)) return false;
    }
  }
  return true;
}

NaiveEngine::DaysByUser NaiveEngine::days_by_user(const Selector& selector,
                                                  const std::vector<PropertyCondition>& where,
                                                  const Now& now) const {
  DaysByUser days_by_user;
  for (std::size_t i = 0; i < events_.size(); ++i) {
    if (days_[i] <= now.day && matches(events_[i], selector, where)) {
      days_by_user[events_[i].user].insert(days_[i]);
    }
  }
  return days_by_user;
}

// ---- The kinds ----

Result<QueryResult> NaiveEngine::active(const ActiveQuery& ask, const QueryCommon& common,
                                        const Now& now) const {
  ROLLCALL_ASSIGN_OR_RETURN(const Periods periods, range(common, ask.period, now));
  const DaysByUser activity = days_by_user(ask.event, common.where, now);
  auto users_between = [&](Day first, Day last) {
    std::int64_t users = 0;
    for (const auto& [user, days] : activity) users += any_day_in(days, first, last);
    return users;
  };

  QueryResult result;
  result.kind = "active";
  result.columns = {{"date", ColumnType::kDate}, {"users", ColumnType::kCount}};
  if (ask.ratio_to_window) result.columns.push_back({"ratio", ColumnType::kRatio});
  result.columns.push_back({"complete", ColumnType::kBool});
  for (const Day p : periods) {
    const Day last = last_day_of(p, ask.period);
    const Day first = ask.window_days ? last - (*ask.window_days - 1) : p;
    const std::int64_t users = users_between(first, last);
    const bool complete = now.ended(last);
    std::vector<Cell> row{p, users};
    if (ask.ratio_to_window) {
      const std::int64_t window = users_between(last - (*ask.ratio_to_window - 1), last);
      row.emplace_back(ratio(users, window, complete));
    }
    row.emplace_back(complete);
    result.rows.push_back(std::move(row));
  }
  return result;
}

Result<QueryResult> NaiveEngine::retention(const RetentionQuery& ask, const QueryCommon& common,
                                           const Now& now) const {
  ROLLCALL_ASSIGN_OR_RETURN(const Periods periods, range(common, ask.period, now));
  const DaysByUser joining = days_by_user(ask.cohort_event, common.where, now);
  const DaysByUser returning = days_by_user(ask.return_event, common.where, now);
  const std::vector<PeriodGroup> columns = columns_of(ask);

  auto joins = [&](const std::set<Day>& days, Day cohort) {
    const Day cohort_last = last_day_of(cohort, ask.period);
    switch (ask.cohort) {
      case RetentionQuery::Cohort::kFirstEver:
        return cohort <= *days.begin() && *days.begin() <= cohort_last;
      case RetentionQuery::Cohort::kFirstInRange:
        return any_day_in(days, cohort, cohort_last) &&
               !any_day_in(days, periods.front(), cohort - 1);
      case RetentionQuery::Cohort::kRecurring:
        return any_day_in(days, cohort, cohort_last);
    }
    return false;
  };
  auto first_day = [&](Day cohort, PeriodGroup column) {
    return shift(cohort, ask.period, column.first);
  };
  auto last_day = [&](Day cohort, PeriodGroup column) {
    return last_day_of(shift(cohort, ask.period, column.last), ask.period);
  };
  auto comes_back = [&](const std::set<Day>& days, Day cohort, std::size_t column) {
    const Day first = first_day(cohort, columns[column]);
    const Day last = last_day(cohort, columns[column]);
    switch (ask.mode) {
      case RetentionQuery::Mode::kOn:
        return any_day_in(days, first, last);
      case RetentionQuery::Mode::kOnOrAfter:
        return any_day_in(days, first, now.day);
      case RetentionQuery::Mode::kOnOrBefore:
        return any_day_in(days, cohort, last);
      case RetentionQuery::Mode::kStreak:
        for (std::size_t c = 0; c <= column; ++c) {
          if (!any_day_in(days, first_day(cohort, columns[c]), last_day(cohort, columns[c]))) {
            return false;
          }
        }
        return true;
    }
    return false;
  };

  QueryResult result;
  result.kind = "retention";
  const ColumnType label = ask.brackets.empty() ? ColumnType::kInt : ColumnType::kString;
  result.columns = {
      {"cohort", ColumnType::kDate}, {"size", ColumnType::kCount}, {"period", label},
      {"users", ColumnType::kCount}, {"rate", ColumnType::kRatio}, {"complete", ColumnType::kBool}};

  struct ColumnTotal {
    std::int64_t size = 0, users = 0;
    std::vector<double> rates;
  };
  std::vector<ColumnTotal> totals(columns.size());
  for (const Day cohort : periods) {
    std::set<UserId> members;
    for (const auto& [user, days] : joining) {
      if (joins(days, cohort)) members.insert(user);
    }
    const std::int64_t size = static_cast<std::int64_t>(members.size());
    for (std::size_t c = 0; c < columns.size(); ++c) {
      if (now.day < first_day(cohort, columns[c])) break;
      std::int64_t users = 0;
      for (const UserId& user : members) {
        const auto days = returning.find(user);
        users += days != returning.end() && comes_back(days->second, cohort, c);
      }
      const bool complete = now.ended(last_day(cohort, columns[c]));
      const Cell rate = ratio(users, size, complete);
      result.rows.push_back({cohort, size, column_label(ask, columns[c]), users, rate, complete});
      if (!complete) continue;
      totals[c].size += size;
      totals[c].users += users;
      if (size > 0) totals[c].rates.push_back(std::get<double>(rate));
    }
  }
  if (ask.summary == RetentionQuery::Summary::kNone || periods.empty()) return result;
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const ColumnTotal& total = totals[c];
    Cell rate = ratio(total.users, total.size);
    if (ask.summary == RetentionQuery::Summary::kMean && !total.rates.empty()) {
      double sum = 0;
      for (const double r : total.rates) sum += r;
      rate = sum / static_cast<double>(total.rates.size());
    }
    result.rows.push_back(
        {std::monostate{}, total.size, column_label(ask, columns[c]), total.users, rate, true});
  }
  return result;
}

Result<QueryResult> NaiveEngine::churn(const ChurnQuery& ask, const QueryCommon& common,
                                       const Now& now) const {
  const auto* gap = std::get_if<ChurnQuery::GapDays>(&ask.rule);
  const Period period = gap ? Period::kDay : std::get<Period>(ask.rule);
  ROLLCALL_ASSIGN_OR_RETURN(const Periods periods, range(common, period, now));
  const DaysByUser activity = days_by_user(ask.event, common.where, now);

  QueryResult result;
  result.kind = "churn";
  result.columns = {{"date", ColumnType::kDate},      {"base", ColumnType::kCount},
                    {"retained", ColumnType::kCount}, {"churned", ColumnType::kCount},
                    {"rate", ColumnType::kRatio},     {"recalled", ColumnType::kCount},
                    {"complete", ColumnType::kBool}};
  for (const Day p : periods) {
    const Day base_last = last_day_of(p, period);
    const Day window_last = gap ? p + gap->days : last_day_of(shift(p, period, 1), period);
    std::int64_t base = 0, retained = 0, recalled = 0;
    for (const auto& [user, days] : activity) {
      const bool is_new = p <= *days.begin() && *days.begin() <= base_last;
      const bool is_active = any_day_in(days, p, base_last);
      if (!(ask.base == ChurnQuery::Base::kNew ? is_new : is_active)) continue;
      ++base;
      if (any_day_in(days, base_last + 1, window_last)) {
        ++retained;
      } else if (any_day_in(days, window_last + 1, now.day)) {
        ++recalled;
      }
    }
    const bool complete = now.ended(window_last);
    result.rows.push_back({p, base, retained, base - retained,
                           ratio(base - retained, base, complete), recalled, complete});
  }
  return result;
}

Result<QueryResult> NaiveEngine::idle(const IdleQuery& ask, const QueryCommon& common,
                                      const Now& now) const {
  std::map<std::int32_t, std::int64_t> users_by_age;
  std::int64_t everybody = 0;
  for (const auto& [user, days] : days_by_user(ask.event, common.where, now)) {
    ++users_by_age[now.day - *days.rbegin()];
    ++everybody;
  }
  std::vector<std::int32_t> edges = ask.edges;
  if (events_.empty()) edges.clear();  // nothing is known, not even that nobody was here
  if (ask.each_day) {
    edges.clear();
    const std::int32_t oldest = users_by_age.empty() ? -1 : users_by_age.rbegin()->first;
    for (std::int32_t age = 0; age <= oldest; ++age) edges.push_back(age);
  }

  QueryResult result;
  result.kind = "idle";
  result.columns = {{"from_days", ColumnType::kInt},
                    {"to_days", ColumnType::kInt},
                    {"users", ColumnType::kCount},
                    {"share", ColumnType::kRatio}};
  for (std::size_t i = 0; i < edges.size(); ++i) {
    std::optional<std::int32_t> to;
    if (i + 1 < edges.size()) to = edges[i + 1] - 1;
    if (ask.each_day) to = edges[i];
    std::int64_t users = 0;
    for (const auto& [age, count] : users_by_age) {
      if (edges[i] <= age && (!to || age <= *to)) users += count;
    }
    result.rows.push_back(
        {std::int64_t{edges[i]}, std::monostate{}, users, ratio(users, everybody)});
    if (to) result.rows.back()[1] = std::int64_t{*to};
  }
  return result;
}

}  // namespace rollcall::testing
