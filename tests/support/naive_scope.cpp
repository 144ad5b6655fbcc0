#include "tests/support/naive_scope.h"

#include <algorithm>
#include <chrono>
#include <variant>

namespace rollcall::testing {

namespace {

TimeUs whole_seconds(TimeUs time) {
  using std::chrono::microseconds;
  return microseconds{std::chrono::floor<std::chrono::seconds>(microseconds{time})}.count();
}

std::optional<TimeUs> instant_of(const NaiveData& data, const std::optional<AsOf>& as_of) {
  if (!as_of) return data.known_until;
  if (const TimeUs* time = std::get_if<TimeUs>(&*as_of)) return *time;
  if (const Day* day = std::get_if<Day>(&*as_of)) return data.zone.last_second_of(*day);
  if (!data.known_until) return std::nullopt;
  const Day latest = data.zone.day_of(*data.known_until);
  return data.zone.last_second_of(
      data.calendar.days_of(std::get<RelativeDate>(*as_of), latest).last);
}

}  // namespace

Result<NaiveNow> resolve_now(const NaiveData& data, const std::optional<AsOf>& as_of) {
  NaiveNow now;
  const std::optional<TimeUs> time = instant_of(data, as_of);
  if (!time) return now;
  now.is_known = true;
  now.time = whole_seconds(*time);
  now.day = data.zone.day_of(now.time);
  now.last_ended = now.time >= data.zone.last_second_of(now.day) ? now.day : now.day - 1;
  now.cuts_day =
      !now.ended(now.day) && data.known_until && whole_seconds(*data.known_until) > now.time;
  if (now.cuts_day && !data.settings.history) {
    return Status::invalid_argument("as_of cuts through a day of which more is known");
  }
  return now;
}

Result<NaiveEnds> resolve_ends(const NaiveData& data, const NaiveNow& now,
                               const DateRangeText& range) {
  NaiveEnds ends;
  // Words need a day to be counted from.
  const auto can_be_read = [&](const std::optional<DateText>& date) {
    return date && (now.is_known || std::holds_alternative<Day>(*date));
  };
  if (can_be_read(range.from)) ends.from = data.calendar.days_of(*range.from, now.day).first;
  if (can_be_read(range.to)) ends.to = data.calendar.days_of(*range.to, now.day).last;
  if (ends.from && ends.to && *ends.to < *ends.from) {
    return Status::invalid_argument("from is later than to");
  }
  if (range.last && now.is_known) ends.from = data.calendar.first_day_of(*range.last, now.day);
  if (!ends.from && !data.days.empty()) {
    ends.from = *std::min_element(data.days.begin(), data.days.end());
  }
  if (!ends.to && now.is_known) ends.to = now.day;
  if (ends.from) ends.begin = data.zone.start_of(*ends.from);
  if (ends.to) ends.last = data.zone.start_of(*ends.to + 1) - 1;
  return ends;
}

Result<NaiveEnds> resolve_ends(const NaiveData& data, const NaiveNow& now,
                               const QueryCommon& common) {
  // A time of day lies on its day.
  const auto whole_day = [](const std::optional<RangeEnd>& end) -> std::optional<DateText> {
    if (!end) return std::nullopt;
    if (const Day* day = std::get_if<Day>(&*end)) return *day;
    if (const LocalTime* time = std::get_if<LocalTime>(&*end)) return time->day;
    return std::get<RelativeDate>(*end);
  };
  const auto time_of_day = [](const std::optional<RangeEnd>& end) {
    return end ? std::get_if<LocalTime>(&*end) : nullptr;
  };
  ROLLCALL_ASSIGN_OR_RETURN(
      NaiveEnds ends,
      resolve_ends(data, now,
                   DateRangeText{whole_day(common.from), whole_day(common.to), common.last}));
  const LocalTime* const from = time_of_day(common.from);
  const LocalTime* const to = time_of_day(common.to);
  if (from != nullptr && to != nullptr && from->day == to->day && from->us_of_day > to->us_of_day) {
    return Status::invalid_argument("from is later than to");
  }
  if (from != nullptr) {
    ends.begin = data.zone.from_local(from->day, from->us_of_day);
    ends.from = data.zone.day_of(*ends.begin);
  }
  if (to != nullptr) {
    ends.last = data.zone.from_local(to->day, to->us_of_day);
    ends.to = data.zone.day_of(*ends.last);
  }
  return ends;
}

Result<NaiveRange> resolve_range(const NaiveData& data, const NaiveNow& now,
                                 const QueryCommon& common, Period period) {
  ROLLCALL_ASSIGN_OR_RETURN(const NaiveEnds ends, resolve_ends(data, now, common));
  NaiveRange range;
  if (data.events.empty()) return range;
  for (Day p = data.calendar.first_day(*ends.from, period); p <= *ends.to && p <= now.day;
       p = NaiveCalendar::shift(p, period, 1)) {
    range.periods.push_back(p);
  }
  range.ended = now.ended(data.calendar.last_day(*ends.to, period));
  return range;
}

NaiveScope NaiveScope::with(const PropertyCondition& condition) const {
  NaiveScope scope = *this;
  scope.where.push_back(condition);
  return scope;
}

std::vector<std::size_t> NaiveScope::events(const Selector& selector) const {
  std::vector<std::size_t> found;
  for (std::size_t i = 0; i < data.events.size(); ++i) {
    const bool is_seen = data.settings.history ? data.events[i].time < now.time + 1'000'000
                                               : data.days[i] <= now.day;
    if (is_seen && (!among || among->contains(data.user_of[i])) &&
        matches(data.events[i], selector) && matches(data.events[i], where)) {
      found.push_back(i);
    }
  }
  return found;
}

DaysByUser NaiveScope::days_by_user(const Selector& selector) const {
  DaysByUser days_by_user;
  for (const std::size_t i : events(selector)) days_by_user[data.user_of[i]].insert(data.days[i]);
  return days_by_user;
}

Result<std::optional<NaiveInstants>> resolve_instants(const NaiveScope& scope,
                                                      const QueryCommon& common) {
  const NaiveData& data = scope.data;
  ROLLCALL_ASSIGN_OR_RETURN(const NaiveEnds ends, resolve_ends(data, scope.now, common));
  const bool has_data = std::any_of(data.days.begin(), data.days.end(),
                                    [&](Day day) { return day <= scope.now.day; });
  if (!has_data) return std::optional<NaiveInstants>();
  NaiveInstants instants{.from = *ends.from, .to = *ends.to};
  instants.begin = data.zone.start_of(instants.from);
  instants.known_end = scope.now.time + 1'000'000;
  instants.end = std::min(instants.known_end, data.zone.start_of(instants.to + 1));
  if (instants.end <= instants.begin) return std::optional<NaiveInstants>();
  return std::optional(instants);
}

bool any_day_in(const std::set<Day>& days, Day first, Day last) {
  const auto day = days.lower_bound(first);
  return day != days.end() && *day <= last;
}

}  // namespace rollcall::testing
