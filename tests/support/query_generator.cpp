#include "tests/support/query_generator.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
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
    if (random_.chance(15)) return random_.chance(65) ? funnel_segment() : variant_segment();
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

  // Draws who is in a variant of an experiment.
  Segment variant_segment() {
    CompareQuery ask;
    Query comparison;
    std::vector<std::string> names = {"a", "b"};
    DateRangeText dates = range(0);
    if (properties_.empty() || random_.chance(25)) {
      for (const std::string& name : names) ask.variants.push_back({name, segment(1)});
      while (!dates.from) dates = range(0);
      comparison.common.from = end_of(dates.from);
    } else {
      ask.exposure = selector();
      ask.variant = random_.pick(properties_);
      names = {property_value(random_.below(4)), property_value(4 + random_.below(4))};
      if (random_.chance(50) && names[0] != names[1]) ask.values = names;
      comparison.common.from = end_of(dates.from);
      comparison.common.to = end_of(dates.to);
      comparison.common.last = dates.last;
    }
    if (property_ && random_.chance(20)) comparison.common.where = {condition()};
    if (random_.chance(20)) comparison.common.among = segment(1);
    comparison.ask = std::move(ask);
    Segment segment;
    segment.kind = Segment::Kind::kVariant;
    segment.name = random_.pick(names);
    segment.comparison = std::make_shared<const Query>(std::move(comparison));
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
      ask.periods = random_.chance(90)   ? random_.between(0, 20)
                    : random_.chance(50) ? random_.between(61, 65)
                                         : random_.between(100, 500);
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
    common.from = common.to = std::nullopt;
    common.last = std::nullopt;
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

}  // namespace

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
