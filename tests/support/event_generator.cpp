#include "tests/support/event_generator.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/condition_generator.h"
#include "tests/support/naive_time.h"
#include "tests/support/risk_generator.h"
#include "tests/support/value_generator.h"

namespace rollcall::testing {

namespace {

constexpr TimeUs kSecond = 1'000'000;
constexpr TimeUs kMinute = 60 * kSecond;
constexpr TimeUs kDay = 24 * 60 * kMinute;

// A zone, and a day on or near which its clocks change (or, for UTC, the calendar is of interest).
struct Place {
  const char* zone;
  const char* day;
};
constexpr Place kPlaces[] = {
    {"UTC", "2026-01-01"},            // a new year
    {"UTC", "2024-02-29"},            // a leap day
    {"UTC", "1970-01-01"},            // days before and after day 0
    {"Europe/London", "2026-03-29"},  // 23 hours
    {"Europe/London", "2025-10-26"},  // 25 hours
    {"America/New_York", "2026-03-08"},
    {"America/New_York", "2025-11-02"},
    {"Asia/Kolkata", "2025-12-31"},         // half an hour off
    {"Australia/Lord_Howe", "2026-04-05"},  // clocks move by half an hour
    {"America/Sao_Paulo", "2018-11-04"},    // the day begins at 01:00
    {"America/Havana", "2025-11-02"},       // its first hour comes twice
    {"Pacific/Apia", "2011-12-30"},         // a date that never was
};

std::vector<UserId> users_of(Random& random, const StreamKnobs& knobs) {
  std::vector<UserId> users;
  if (knobs.settings.user_kind == UserKind::kInteger) {
    constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
    for (const std::uint64_t id : {std::uint64_t{0}, kLargest, std::uint64_t{1}, kLargest - 1,
                                   std::uint64_t{1} << 63, std::uint64_t{1} << 32}) {
      users.emplace_back(id);
    }
    while (users.size() < knobs.users) {
      users.emplace_back(random.chance(50) ? users.size() : random.bits());
    }
  } else {
    // Long ones share all but their last byte.
    for (const char* id : {"a", "b", "\xF0\x9F\xA6\x8A", "0", " ", "na\xC3\xAFve", "A"}) {
      users.emplace_back(std::string(id));
    }
    users.emplace_back(std::string(1000, 'x') + "1");
    users.emplace_back(std::string(1000, 'x') + "2");
    while (users.size() < knobs.users) users.emplace_back("user" + std::to_string(users.size()));
  }
  random.shuffle(users);
  users.resize(knobs.users);
  return users;
}

std::string event_name(std::size_t i) {
  constexpr const char* kNames[] = {"login", "purchase", "view", "\xE2\x9C\x93 done"};
  return i < std::size(kNames) ? kNames[i] : "event" + std::to_string(i);
}

std::string property_value(std::size_t i) {
  constexpr const char* kValues[] = {"",
                                     "ads",
                                     "10",
                                     "seo",
                                     "9.5",
                                     "readme, \"ads\"",
                                     "\xF0\x9F\xA6\x8A",
                                     "$other",
                                     "-2",
                                     "10.00",
                                     "+010",
                                     "-2.000",
                                     "1e1",
                                     "123456789012345678901234567890.5"};
  return i < std::size(kValues) ? kValues[i] : "value" + std::to_string(i);
}

// Returns an instant of `day`, which is often one at which something could go wrong. Returns the
// next day that exists, for a date that never was.
TimeUs time_in(Random& random, const NaiveZone& zone, Day day) {
  while (zone.start_of(day) == zone.start_of(day + 1)) day = day + 1;
  const TimeUs begin = zone.start_of(day);
  const TimeUs end = zone.start_of(day + 1);
  switch (random.below(8)) {
    case 0:
      return begin;
    case 1:
      return end - 1;
    case 2:
      return end - kSecond;
    default:
      return begin + static_cast<TimeUs>(random.below(static_cast<std::size_t>(end - begin)));
  }
}

// Returns events in order of arrival.
std::vector<NaiveEvent> random_events(Random& random, const StreamKnobs& knobs) {
  const NaiveZone zone(knobs.settings.time_zone);
  const std::vector<UserId> users = users_of(random, knobs);
  std::vector<Day> open_days;
  for (std::int32_t d = 0; d < knobs.days; ++d) {
    if (!random.chance(knobs.closed_days_percent)) open_days.push_back(knobs.first_day + d);
  }
  if (open_days.empty()) open_days.push_back(knobs.first_day);

  std::vector<NaiveEvent> events;
  for (std::size_t i = 0; i < knobs.events; ++i) {
    NaiveEvent event;
    // The smaller of two draws: some users are seen far more often than others.
    event.user = users[std::min(random.below(users.size()), random.below(users.size()))];
    event.event =
        event_name(std::min(random.below(knobs.event_names), random.below(knobs.event_names)));
    event.time = time_in(random, zone, random.pick(open_days));
    if (random.chance(knobs.whole_day_percent)) {
      event.whole_day = true;
      event.time = zone.start_of(zone.day_of(event.time));
    }
    if (random.chance(30)) event.value = random_amount(random, knobs.extreme_amounts);
    if (random.chance(knobs.scores_percent)) event.value = 1'000'000 * random.between(-1, 12);
    for (const std::string& dimension : knobs.settings.dimensions) {
      const std::string value = property_value(random.below(knobs.values + 1));
      if (!value.empty() || random.chance(50)) event.properties[dimension] = value;
    }
    for (const std::string& kept : knobs.settings.kept_properties) {
      // Some values come often, and others with a few events only.
      std::string value = property_value(random.below(knobs.values + 1));
      if (random.chance(40)) value = "s" + std::to_string(random.below(1 + knobs.events / 2));
      if (!value.empty() || random.chance(50)) event.properties[kept] = value;
    }
    events.push_back(event);
    if (random.chance(knobs.repeated_percent)) events.push_back(event);
  }
  if (knobs.shuffled) {
    random.shuffle(events);
    return events;
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const NaiveEvent& a, const NaiveEvent& b) { return a.time < b.time; });
  for (NaiveEvent& event : events) {
    if (random.chance(knobs.late_percent)) std::swap(event, events[random.below(events.size())]);
  }
  return events;
}

}  // namespace

StreamKnobs random_knobs(Random& random) {
  StreamKnobs knobs;
  const Place& place = kPlaces[random.below(std::size(kPlaces))];
  knobs.settings.user_kind = random.chance(50) ? UserKind::kInteger : UserKind::kString;
  knobs.settings.time_zone = place.zone;
  knobs.settings.week_start = random.chance(50) ? WeekStart::kMonday : WeekStart::kSunday;
  if (random.chance(60)) knobs.settings.dimensions.emplace_back("channel");
  if (random.chance(30)) knobs.settings.dimensions.emplace_back("plan");
  knobs.settings.history = random.chance(50);
  if (knobs.settings.history) {
    if (random.chance(40)) knobs.settings.kept_properties.emplace_back("session");
    if (random.chance(20)) knobs.settings.kept_properties.emplace_back("page");
  }
  knobs.days = random.chance(70) ? random.between(1, 40) : random.between(41, 400);
  knobs.first_day = *read_date(place.day) - random.between(0, knobs.days);
  knobs.users = static_cast<std::size_t>(random.chance(10) ? 1 : random.between(2, 30));
  knobs.events =
      static_cast<std::size_t>(random.chance(10) ? random.between(0, 3) : random.between(4, 400));
  knobs.event_names = static_cast<std::size_t>(random.between(1, 5));
  knobs.values = static_cast<std::size_t>(random.between(1, random.chance(60) ? 5 : 13));
  knobs.closed_days_percent = random.chance(30) ? 0 : random.between(0, 80);
  knobs.whole_day_percent = random.chance(70) ? 0 : random.between(1, 100);
  knobs.late_percent = random.between(0, 30);
  knobs.scores_percent = random.chance(70) ? 0 : random.between(1, 80);
  knobs.extreme_amounts = random.chance(20);
  knobs.shuffled = random.chance(20);
  return knobs;
}

// ---- Questions ----

namespace {

class QueryDraw {
 public:
  QueryDraw(Random& random, const Stream& stream)
      : random_(random), zone_(stream.settings.time_zone), has_history_(stream.settings.history) {
    for (const NaiveEvent& event : stream.events) {
      const Day day = zone_.day_of(event.time);
      first_ = names_.empty() ? day : std::min(first_, day);
      last_ = names_.empty() ? day : std::max(last_, day);
      if (std::find(names_.begin(), names_.end(), event.event) == names_.end()) {
        names_.push_back(event.event);
      }
      last_time_ = std::max(last_time_, event.time);
    }
    for (const auto& [name, segment] : stream.saved) saved_.push_back(name);
    properties_ = stream.settings.properties();
    if (!properties_.empty() && random_.chance(60)) property_ = random_.pick(properties_);
  }

  Query draw() {
    Query query;
    query.common = common();
    switch (random_.below(13)) {
      case 0:
        query.ask = active();
        break;
      case 9:
        query.ask = random_ltv(
            random_, [&] { return selector(); }, !query.common.breakdown.empty());
        break;
      case 1:
      case 2:
      case 3:
        query.ask = retention(!query.common.breakdown.empty());
        break;
      case 4:
        query.ask = churn();
        break;
      case 5:
        query.ask = counts();
        break;
      case 6:
        query.ask = lifecycle();
        break;
      case 7:
        query.ask = stickiness();
        break;
      case 8:
        query.ask = SegmentQuery{segment()};
        break;
      case 11:
        query.ask = StreaksQuery{selector()};
        break;
      case 10:
        query.ask = milestones(query.common);
        break;
      default:
        query.ask = idle();
    }
    const bool is_counts = std::holds_alternative<CountsQuery>(query.ask);
    if (random_.chance(has_history_ ? 25 : is_counts ? 30 : 2)) ask_by_hours(query);
    if (std::holds_alternative<IdleQuery>(query.ask) ||
        std::holds_alternative<SegmentQuery>(query.ask)) {
      query.common.from = query.common.to = std::nullopt;
      query.common.last = std::nullopt;
    }
    return query;
  }

  // Returns an expression of at most `depth` levels.
  Segment segment(int depth = 3) {
    Segment segment;
    if (random_.chance(has_history_ ? 30 : 1)) return history_segment();
    const std::size_t choice = depth > 1 ? random_.below(10) : random_.below(5);
    if (choice == 4 && !saved_.empty() && random_.chance(50)) {
      segment.kind = Segment::Kind::kSaved;
      segment.name = random_.chance(2) ? "never saved" : random_.pick(saved_);
    } else if (choice < 5) {
      segment.kind = choice < 4 ? Segment::Kind::kDid : Segment::Kind::kFirst;
      segment.event = selector();
      if (random_.chance(70)) segment.range = range(0);
      if (segment.kind == Segment::Kind::kDid && random_.chance(30)) {
        segment.days = {.compare = static_cast<Segment::Compare>(random_.below(3)),
                        .days = random_.between(0, random_.chance(80) ? 5 : 40)};
      }
    } else if (choice < 7) {
      segment.kind = Segment::Kind::kNot;
      segment.parts = {this->segment(depth - 1)};
    } else {
      segment.kind = random_.chance(50) ? Segment::Kind::kAll : Segment::Kind::kAny;
      const std::int32_t parts = random_.between(1, 3);
      for (std::int32_t i = 0; i < parts; ++i) segment.parts.push_back(this->segment(depth - 1));
    }
    return segment;
  }

 private:
  // Draws a segment that the events themselves tell.
  Segment history_segment() {
    Segment segment;
    segment.event = selector();
    if (random_.chance(15)) segment.event.where.push_back(number_condition("value"));
    if (random_.chance(15) && !properties_.empty()) {
      segment.event.where.push_back(condition(random_.pick(properties_)));
    }
    if (random_.chance(70)) segment.range = range(0);
    const auto compare = static_cast<Segment::Compare>(random_.below(3));
    if (random_.chance(10)) return funnel_segment();
    switch (random_.below(6)) {
      case 0:
        segment.times = {.compare = compare, .times = random_.between(0, 6)};
        break;
      case 1:
        segment.sum = {.compare = compare,
                       .amount = random_number_condition(random_, "").values[0]};
        break;
      case 2:
        segment.kind = Segment::Kind::kDeclined;
        segment.range = {{}, {}, LastSpan{random_.between(1, random_.chance(80) ? 10 : 200)}};
        segment.decline = {
            .to_at_most = random_.pick(std::vector<std::string>{"0.5", "0", "1", ".25", "0.333"}),
            .from_at_least = random_.between(1, 4)};
        break;
      case 3:
        if (properties_.empty()) break;
        segment.kind = Segment::Kind::kFavourite;
        segment.favourite = {random_.pick(properties_),
                             property_value(1 + random_.below(random_.chance(80) ? 4 : 12))};
        break;
      case 4:
        segment.kind = Segment::Kind::kFirst;
        break;
      default:
        if (random_.chance(50)) segment.days = {.compare = compare, .days = random_.between(0, 5)};
    }
    return segment;
  }

  // Draws who made the last of few steps, or dropped out before one of them.
  Segment funnel_segment() {
    FunnelQuery ask;
    const std::int32_t steps = random_.between(2, 3);
    for (std::int32_t i = 0; i < steps; ++i) ask.steps.push_back(selector());
    const std::vector<std::int64_t> hours = {1, 24, 5 * 24, 40 * 24};
    ask.window = Length{random_.pick(hours) * 3'600'000'000};
    ask.steps_after_to = random_.chance(30);
    Query funnel;
    const DateRangeText dates = range(0);
    funnel.common.from = end_of(dates.from);
    funnel.common.to = end_of(dates.to);
    funnel.common.last = dates.last;
    if (property_ && random_.chance(20)) funnel.common.where = {condition()};
    if (random_.chance(20)) funnel.common.among = segment(1);
    funnel.ask = std::move(ask);
    Segment segment;
    segment.kind = random_.chance(50) ? Segment::Kind::kConverted : Segment::Kind::kDropped;
    if (segment.kind == Segment::Kind::kDropped) segment.at_step = random_.between(2, steps);
    segment.funnel = std::make_shared<const Query>(std::move(funnel));
    return segment;
  }

  Day some_day() { return first_ + random_.between(-10, last_ - first_ + 10); }

  RelativeDate some_words() {
    RelativeDate words;
    words.unit = static_cast<RelativeDate::Unit>(random_.below(7));
    if (words.unit == RelativeDate::Unit::kWeekday) {
      words.weekday = random_.between(0, 6);
    } else {
      const bool is_long = words.unit >= RelativeDate::Unit::kMonth;
      words.ago = random_.between(0, is_long || random_.chance(70) ? 2 : 30);
    }
    return words;
  }

  DateText some_date() {
    if (random_.chance(30)) return some_words();
    return some_day();
  }

  // Few ranges, so many of a hundred, end before they begin.
  DateRangeText range(int upside_down_percent) {
    DateRangeText range;
    if (random_.chance(30)) {
      range.last = LastSpan{random_.between(1, 12), static_cast<LastSpan::Unit>(random_.below(5))};
      if (range.last->unit == LastSpan::Unit::kYear) range.last->count = random_.between(1, 2);
      return range;
    }
    if (random_.chance(50)) range.from = some_date();
    if (random_.chance(50)) range.to = some_date();
    if (!range.from || !range.to || random_.chance(upside_down_percent)) return range;
    const bool are_days =
        std::holds_alternative<Day>(*range.from) && std::holds_alternative<Day>(*range.to);
    if (!are_days) {
      // Words may lie either way of each other, and of a date.
      if (random_.chance(50)) range.to = range.from;
    } else if (std::get<Day>(*range.to) < std::get<Day>(*range.from)) {
      std::swap(range.from, range.to);
    }
    return range;
  }

  static std::optional<RangeEnd> end_of(const std::optional<DateText>& date) {
    if (!date) return std::nullopt;
    return std::visit([](auto alternative) { return RangeEnd(alternative); }, *date);
  }

  // Turns a question into one by hours or minutes, of a short range: the oracle goes through them
  // one by one.
  void ask_by_hours(Query& query) {
    constexpr std::int32_t kDaysOfMinutes = 40;
    const bool may_be_long = last_ - first_ > kDaysOfMinutes || random_.chance(80);
    const Period period = may_be_long ? Period::kHour : Period::kMinute;
    if (auto* active = std::get_if<ActiveQuery>(&query.ask)) {
      active->window_days = active->ratio_to_window = std::nullopt;
      if (period == Period::kHour && random_.chance(40)) {
        active->window_days = random_.between(1, 4);
      }
    }
    if (auto* retention = std::get_if<RetentionQuery>(&query.ask)) {
      const bool may_roll = retention->cohort != RetentionQuery::Cohort::kRecurring;
      if (may_roll && random_.chance(30)) retention->windows = RetentionQuery::Windows::kRolling;
    }
    if (auto* stickiness = std::get_if<StickinessQuery>(&query.ask)) {
      stickiness->window_days = std::nullopt;
    }
    const bool has_period = std::visit(
        [period](auto& ask) {
          if constexpr (requires { ask.period = Period::kDay; } &&
                        !std::is_same_v<std::decay_t<decltype(ask)>, FunnelQuery> &&
                        !std::is_same_v<std::decay_t<decltype(ask)>, LtvQuery>) {
            ask.period = period;
            return true;
          }
          return false;
        },
        query.ask);
    if (!has_period) return;
    query.common.last = std::nullopt;
    const Day from = some_day();
    if (period == Period::kMinute) {
      const LocalTime begin = some_time(from);
      query.common.from = begin;
      const std::int64_t end = begin.us_of_day + random_.between(0, 120) * kMinute;
      query.common.to = LocalTime{from, std::min(end, kDay - 1)};
      return;
    }
    query.common.from = random_.chance(50) ? RangeEnd(from) : RangeEnd(some_time(from));
    const Day to = from + random_.between(random_.chance(5) ? -1 : 0, 3);
    query.common.to = random_.chance(50) ? RangeEnd(to) : RangeEnd(some_time(to));
  }

  // Mostly in the hours in which clocks are changed.
  LocalTime some_time(Day day) {
    const std::int64_t hour = random_.chance(60) ? random_.between(0, 3) : random_.between(0, 23);
    std::int64_t us = hour * 60 * kMinute;
    if (random_.chance(60)) us += random_.between(0, 59) * kMinute;
    if (random_.chance(20)) us += random_.between(0, 59'999'999);
    return {day, us};
  }

  QueryCommon common() {
    QueryCommon common;
    if (random_.chance(70)) {
      const DateRangeText range = this->range(5);
      common.from = end_of(range.from);
      common.to = end_of(range.to);
      common.last = range.last;
    }
    if (random_.chance(40)) {
      switch (random_.below(5)) {
        case 0:
          common.as_of = zone_.last_second_of(some_day());
          break;
        case 1:  // past everything, and mostly within a day
          common.as_of = last_time_ + static_cast<TimeUs>(random_.below(100'000)) * kSecond;
          break;
        case 2:  // within a day of which more is known, often: an error
          common.as_of = zone_.start_of(some_day()) + random_.between(0, 86'399) * kSecond;
          break;
        case 3:
          common.as_of = some_words();
          break;
        default:
          common.as_of = some_day();
      }
    }
    if (property_ && random_.chance(30)) common.where.push_back(condition());
    if (random_.chance(25)) common.among = segment();
    if (!properties_.empty() && random_.chance(25)) {
      const bool is_another = !property_ || random_.chance(5);
      common.breakdown = is_another ? random_.pick(properties_) : *property_;
      if (!property_) property_ = common.breakdown;
      if (random_.chance(70)) common.breakdown_limit = random_.between(1, 5);
    }
    return common;
  }

  PropertyCondition condition() { return condition(*property_); }
  PropertyCondition condition(const std::string& property) {
    PropertyCondition condition;
    condition.property = property;
    condition.test = static_cast<PropertyCondition::Test>(random_.below(5));
    if (random_.chance(25)) return number_condition(condition.property);
    auto some_value = [&] { return property_value(random_.below(8)); };
    if (condition.test == PropertyCondition::Test::kContains) {
      condition.values = {random_.chance(50) ? "ad" : "e"};
    } else if (condition.test == PropertyCondition::Test::kAnyOf ||
               condition.test == PropertyCondition::Test::kNoneOf) {
      condition.values = {some_value()};
      if (random_.chance(40)) {
        std::string other = some_value();
        if (other != condition.values[0]) condition.values.push_back(std::move(other));
      }
    }
    return condition;
  }

  PropertyCondition number_condition(const std::string& property) {
    return random_number_condition(random_, property);
  }

  Selector selector() {
    Selector selector;
    if (!names_.empty() && random_.chance(60)) {
      selector.match = random_.chance(75) ? Selector::Names::kAnyOf : Selector::Names::kNoneOf;
      selector.names.push_back(random_.chance(2) ? "nobody did this" : random_.pick(names_));
      if (random_.chance(30)) {
        const std::string& other = random_.pick(names_);
        if (other != selector.names[0]) selector.names.push_back(other);
      }
    }
    if (property_ && random_.chance(40)) {
      selector.where.push_back(condition());
      while (random_.chance(30)) selector.where.push_back(condition());
    }
    if (random_.chance(1)) selector.where.push_back(number_condition("value"));
    return selector;
  }

  // Of days or longer.
  Period some_period() { return static_cast<Period>(random_.below(5)); }

  ActiveQuery active() {
    ActiveQuery ask;
    ask.event = selector();
    ask.period = random_.chance(50) ? Period::kDay : some_period();
    if (ask.period == Period::kDay) {
      if (random_.chance(50)) ask.window_days = random_.between(1, 40);
      if (random_.chance(50)) {
        ask.ratio_to_window = random_.between(ask.window_days.value_or(1), 40);
      }
    }
    return ask;
  }

  RetentionQuery retention(bool has_breakdown) {
    RetentionQuery ask;
    ask.cohort_event = selector();
    ask.return_event = random_.chance(50) ? ask.cohort_event : selector();
    ask.cohort = static_cast<RetentionQuery::Cohort>(random_.below(3));
    ask.mode = static_cast<RetentionQuery::Mode>(random_.below(4));
    ask.period = random_.chance(50) ? Period::kDay : some_period();
    if (random_.chance(30)) {
      const std::int32_t count = random_.between(1, 5);
      for (std::int32_t i = 0; i < count; ++i) ask.brackets.push_back(random_.between(1, 5));
    } else if (random_.chance(50)) {
      ask.periods = random_.chance(95) ? random_.between(0, 20) : random_.between(100, 500);
    }
    ask.summary = static_cast<RetentionQuery::Summary>(random_.below(3));
    if (random_.chance(25)) ask.measure = RetentionQuery::Measure::kValue;
    if (has_breakdown && random_.chance(50)) {
      ask.breakdown_match = RetentionQuery::BreakdownMatch::kBoth;
    }
    if (random_.chance(has_history_ ? 60 : 2)) ask_history(ask);
    return ask;
  }

  // Draws the fields that need history.
  void ask_history(RetentionQuery& ask) {
    const bool may_roll =
        ask.cohort != RetentionQuery::Cohort::kRecurring && ask.period != Period::kQuarter;
    if (may_roll && random_.chance(60)) ask.windows = RetentionQuery::Windows::kRolling;
    if (ask.cohort == RetentionQuery::Cohort::kFirstEver && random_.chance(40)) {
      ask.first_of = RetentionQuery::FirstOf::kName;
      if (property_ && random_.chance(70)) ask.cohort_event.where = {condition()};
    }
    if (ask.measure == RetentionQuery::Measure::kUsers) {
      if (random_.chance(40)) ask.min_return_count = random_.between(1, 4);
    } else if (random_.chance(50)) {
      ask.value_from = RetentionQuery::ValueFrom::kCohortEvent;
    }
  }

  CountsQuery counts() {
    CountsQuery ask;
    ask.event = selector();
    if (random_.chance(50)) ask.period = some_period();
    ask.payers = random_.chance(50);
    return ask;
  }

  LifecycleQuery lifecycle() {
    return {.event = selector(), .period = random_.chance(50) ? Period::kDay : some_period()};
  }

  StickinessQuery stickiness() {
    StickinessQuery ask;
    ask.event = selector();
    if (random_.chance(50)) {
      ask.window_days = random_.between(1, random_.chance(70) ? 8 : 35);
    } else if (random_.chance(50)) {
      ask.period = some_period();
    }
    if (random_.chance(has_history_ ? 50 : 3)) {
      ask.per_period = {static_cast<Segment::Compare>(random_.below(3)), random_.between(1, 4)};
    }
    if (!ask.window_days && random_.chance(40)) ask.period_step = random_.between(1, 6);
    return ask;
  }

  MilestonesQuery milestones(QueryCommon& common) {
    MilestonesQuery ask;
    ask.event = selector();
    using Of = MilestonesQuery::Of;
    std::erase_if(
        ask.of, [&](Of of) { return random_.chance(of == Of::kEvent && !has_history_ ? 98 : 30); });
    if (ask.of.empty()) ask.of = {Of::kFirstDay};
    ask.at = {random_.between(1, 3)};
    for (int i = 0; i < 3 && random_.chance(70); ++i) {
      ask.at.push_back(ask.at.back() + random_.between(1, 20));
    }
    if (random_.chance(5)) ask.at.push_back(std::numeric_limits<std::int32_t>::max());
    if (!random_.chance(30)) return ask;
    if (random_.chance(90)) {
      common.from = common.to = std::nullopt;
      common.last = std::nullopt;
    }
    ask.date = first_ + random_.between(-1, last_ - first_ + 1);
    return ask;
  }

  ChurnQuery churn() {
    ChurnQuery ask;
    ask.event = selector();
    ask.base = random_.chance(50) ? ChurnQuery::Base::kActive : ChurnQuery::Base::kNew;
    if (random_.chance(50)) {
      ask.rule = ChurnQuery::GapDays{random_.between(1, 30)};
    } else {
      ask.rule =
          ChurnQuery::NextPeriods{some_period(), random_.chance(50) ? 1 : random_.between(1, 6)};
    }
    return ask;
  }

  IdleQuery idle() {
    IdleQuery ask;
    ask.event = selector();
    ask.each_day = random_.chance(40);
    if (!ask.each_day && random_.chance(60)) {
      ask.edges = {0};
      const std::int32_t count = random_.between(0, 6);
      for (std::int32_t i = 0; i < count; ++i) {
        ask.edges.push_back(ask.edges.back() + random_.between(1, 20));
      }
    }
    return ask;
  }

  Random& random_;
  NaiveZone zone_;
  const bool has_history_;
  Day first_{0}, last_{0};
  TimeUs last_time_ = 0;
  std::vector<std::string> names_;
  std::vector<std::string> saved_;
  std::vector<std::string> properties_;
  std::optional<std::string> property_;  // that every condition of the question is about
};

// Segments that questions can name; a later one may name an earlier one.
void save_segments(Random& random, Stream& stream) {
  const std::int32_t count = random.between(0, 2);
  for (std::int32_t i = 0; i < count; ++i) {
    const Segment segment = QueryDraw(random, stream).segment(2);
    stream.saved.emplace("saved " + std::to_string(i), segment);
  }
}

}  // namespace

Stream random_stream(Random& random, const StreamKnobs& knobs) {
  Stream stream{.settings = knobs.settings, .events = random_events(random, knobs), .saved = {}};
  save_segments(random, stream);
  return stream;
}

Segment random_segment(Random& random, const Stream& stream, int depth) {
  return QueryDraw(random, stream).segment(depth);
}

bool is_upside_down(const QueryCommon& common) {
  const auto reading_of = [](const std::optional<RangeEnd>& end,
                             std::int64_t us_of_day) -> std::optional<LocalTime> {
    if (!end) return std::nullopt;
    if (const Day* day = std::get_if<Day>(&*end)) return LocalTime{*day, us_of_day};
    const LocalTime* time = std::get_if<LocalTime>(&*end);
    return time == nullptr ? std::nullopt : std::optional(*time);
  };
  const std::optional<LocalTime> from = reading_of(common.from, 0);
  const std::optional<LocalTime> to = reading_of(common.to, kDay - 1);
  return from && to && *to < *from;
}

Query random_query(Random& random, const Stream& stream) {
  if (random.chance(9)) return random_rules(random, stream);
  return QueryDraw(random, stream).draw();
}

}  // namespace rollcall::testing
