#include "core/query/plan/segment_history.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "core/query/sequence/event_counts.h"
#include "core/query/text/decimal_text.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

using Kind = Segment::Kind;
using Compare = Segment::Compare;

// Returns the whole numbers that compare in this way with one between `floor` and `ceiling`.
NumberRange range_of(Compare compare, ScaledDecimal number) {
  switch (compare) {
    case Compare::kAtLeast:
      return {number.ceiling, kScaledMax};
    case Compare::kAtMost:
      return {-kScaledMax, number.floor};
    case Compare::kExactly:
      break;
  }
  return {number.ceiling, number.floor};
}

NumberRange range_of(Compare compare, std::int32_t number) {
  return range_of(compare, ScaledDecimal{number, number});
}

std::string_view name_of_part(const Segment& segment) {
  if (segment.kind == Kind::kDeclined) return "declined";
  if (segment.kind == Kind::kFavourite) return "favourite";
  if (segment.kind == Kind::kFirst) return "first";
  if (segment.times) return "times";
  return segment.sum ? "sum" : "did";
}

}  // namespace

// ---- The rules ----

bool TimesRule::holds(std::span<const std::uint64_t> counts) const {
  return times.contains(static_cast<AmountSum>(counts[0]));
}

bool DeclineRule::holds(std::span<const std::uint64_t> counts) const {
  const auto before = static_cast<AmountSum>(counts[0]);
  const auto after = static_cast<AmountSum>(counts[1]);
  return before >= from_at_least && after * whole <= before * part;
}

bool SumRule::holds(std::span<const StepEvent> events, const StepEvents& told) const {
  AmountSum found = 0;
  for (std::size_t place = 0; place < events.size(); ++place) found += told.amount_of(place);
  return sum.contains(found);
}

bool DaysRule::holds(std::span<const StepEvent> events, const StepEvents&) const {
  AmountSum found = 0;
  TimeUs day_end = std::numeric_limits<TimeUs>::min();
  for (const StepEvent& event : events) {
    if (event.time < day_end) continue;
    ++found;
    day_end = zone->start_of(zone->day_of(event.time) + 1);
  }
  return days.contains(found);
}

bool FirstRule::holds(std::span<const StepEvent> events, const StepEvents&) const {
  return events.front().time >= range_begin;
}

bool FavouriteRule::holds(std::span<const StepEvent> events, const StepEvents& told) const {
  struct Seen {
    std::size_t count = 0;
    TimeUs last = 0;
  };
  std::vector<std::pair<ValueCode, TimeUs>> values;
  values.reserve(events.size());
  for (std::size_t place = 0; place < events.size(); ++place) {
    values.emplace_back(told.value_of(place, 0), events[place].time);
  }
  std::ranges::sort(values);
  constexpr auto code_of = &std::pair<ValueCode, TimeUs>::first;
  const auto seen_of = [&](ValueCode code) {
    const auto first = std::ranges::lower_bound(values, code, {}, code_of);
    const auto last = std::ranges::upper_bound(values, code, {}, code_of);
    return first == last ? Seen{} : Seen{static_cast<std::size_t>(last - first), last[-1].second};
  };
  ValueCode value_here = value;
  if (text) {
    const auto has_text = [&](const auto& seen) { return told.text_of(seen.first) == *text; };
    const auto found = std::ranges::find_if(values, has_text);
    if (found == values.end()) return false;
    value_here = found->first;
  }
  const auto comes_first = [&](ValueCode code) {
    return text ? told.text_of(code) < *text : is_smaller[code];
  };
  const Seen wanted = seen_of(value_here);
  if (wanted.count == 0) return false;
  for (auto next = values.begin(); next != values.end();) {
    const ValueCode code = next->first;
    const Seen other = seen_of(code);
    next += static_cast<std::ptrdiff_t>(other.count);
    if (code == value_here || other.count < wanted.count) continue;
    if (other.count > wanted.count || other.last > wanted.last) return false;
    if (other.last == wanted.last && comes_first(code)) return false;
  }
  return true;
}

// ---- SegmentHistory ----

class SegmentHistory::Resolver {
 public:
  Resolver(std::string_view field, const Segment& segment,
           const std::vector<PropertyCondition>& where, const PlanContext& context,
           const Timeframe& timeframe)
      : field_(fmt::format("{}: {}", field, name_of_part(segment))),
        segment_(segment),
        where_(where),
        context_(context),
        timeframe_(timeframe) {}

  Result<SegmentHistory> resolve() {
    ROLLCALL_RETURN_IF_ERROR(check_history(field_, context_));
    SegmentHistory part;
    part.account_ = context_.account;
    if (segment_.kind == Kind::kDeclined) {
      ROLLCALL_RETURN_IF_ERROR(resolve_decline(part));
    } else {
      ROLLCALL_RETURN_IF_ERROR(resolve_days(part));
      if (segment_.kind == Kind::kFavourite) ROLLCALL_RETURN_IF_ERROR(resolve_favourite(part));
      if (segment_.kind == Kind::kFirst) resolve_first(part);
      if (segment_.kind == Kind::kDid) resolve_count(part);
    }
    set_instants(part);
    ROLLCALL_RETURN_IF_ERROR(add_events(part));
    return part;
  }

 private:
  // Finds the days of the range that have data.
  Status resolve_days(SegmentHistory& part) const {
    ROLLCALL_ASSIGN_OR_RETURN(const DateEnds ends,
                              resolve_dates(field_, segment_.range, context_, timeframe_,
                                            context_.first_day_of_history()));
    const DayRange data = timeframe_.data;
    if (ends.from && ends.to) {
      part.days_ = {std::max(*ends.from, data.first), std::min(*ends.to, data.last)};
    }
    return {};
  }

  // Nothing after as_of is seen.
  void set_instants(SegmentHistory& part) const {
    if (part.days_.empty()) return;
    part.selectors_.begin = context_.zone.start_of(part.days_.first);
    part.selectors_.end =
        std::min(context_.zone.start_of(part.days_.last + 1), timeframe_.as_of_time + kUsPerSecond);
  }

  void resolve_count(SegmentHistory& part) const {
    NumberRange range;
    if (segment_.sum) {
      const DecimalText amount = *parse_decimal_text(segment_.sum->amount);
      range = range_of(segment_.sum->compare, scaled(amount, context_.settings.value_decimals));
      part.rule_ = EventsRule(SumRule{range});
      part.selectors_.tells_amounts = true;
    } else if (segment_.days) {
      range = range_of(segment_.days->compare, segment_.days->days);
      part.rule_ = EventsRule(DaysRule{range, &context_.zone});
    } else {
      const Segment::TimesTest test = segment_.times.value_or(Segment::TimesTest());
      range = range_of(test.compare, test.times);
      part.rule_ = CountRule(TimesRule{range});
    }
    part.takes_others_ = range.contains(0);
    if (!segment_.sum && range.least > 1) {
      part.events_at_least_ = static_cast<std::size_t>(
          std::min<AmountSum>(range.least, std::numeric_limits<std::int64_t>::max()));
    }
  }

  // A first event in the range is one of all events up to the end of it.
  void resolve_first(SegmentHistory& part) const {
    if (part.days_.empty()) return;
    part.rule_ = EventsRule(FirstRule{context_.zone.start_of(part.days_.first)});
    part.days_.first = timeframe_.data.first;
  }

  Status resolve_decline(SegmentHistory& part) const {
    const std::int32_t count = segment_.range.last->count;
    const Day last = timeframe_.last_ended_day;
    const DayRange data = timeframe_.data;
    part.days_ = {std::max(last - (2 * count - 1), data.first), std::min(last, data.last)};
    if (part.days_.empty()) return {};
    const Day later = std::max(last - (count - 1), kDayMin);
    const DecimalText share = *parse_decimal_text(segment_.decline.to_at_most);
    const auto decimals = static_cast<std::uint32_t>(share.fraction.size());
    part.rule_ = CountRule(DeclineRule{.later_begin = context_.zone.start_of(later),
                                       .part = scaled(share, decimals).floor,
                                       .whole = scaled(*parse_decimal_text("1"), decimals).floor,
                                       .from_at_least = segment_.decline.from_at_least});
    part.events_at_least_ = static_cast<std::size_t>(segment_.decline.from_at_least);
    // Whoever was not there in the earlier days has no events that could become fewer.
    if (why_events_are_needed(segment_.event, where_, context_.catalog)) return {};
    PlanContext of_pages = context_;
    of_pages.events = std::make_shared<EventSeries>();
    ROLLCALL_ASSIGN_OR_RETURN(const SeriesUnion events,
                              resolve_selector(field_, segment_.event, where_, of_pages));
    part.candidates_ = LongUnion::over(events, {part.days_.first, later - 1}, timeframe_);
    return {};
  }

  Status resolve_favourite(SegmentHistory& part) {
    const Segment::Favourite& wanted = segment_.favourite;
    const auto property = property_number(wanted.property, context_.catalog);
    if (!property) {
      return unknown_property(field_, wanted.property, context_.catalog);
    }
    part.selectors_.told.push_back(*property);
    // Events without a value do not count.
    added_.push_back({wanted.property, PropertyCondition::Test::kIsSet, {}});
    if (*property >= context_.catalog.dimensions().size()) {
      part.rule_ = EventsRule(FavouriteRule{.value = 0, .is_smaller = {}, .text = wanted.value});
      return {};
    }
    Selector with_value;
    with_value.where = {{wanted.property, PropertyCondition::Test::kAnyOf, {wanted.value}}};
    ROLLCALL_ASSIGN_OR_RETURN(const EventSelector value,
                              resolve_event_selector(field_, with_value, {}, context_.catalog));
    const std::vector<ValueCode>& codes = value.where.front().codes;
    FavouriteRule rule{.value = codes.empty() ? std::numeric_limits<ValueCode>::max() : codes[0],
                       .is_smaller = {},
                       .text = {}};
    for (const std::string& other : context_.catalog.values(*property).values()) {
      rule.is_smaller.push_back(other < wanted.value);
    }
    part.rule_ = EventsRule(std::move(rule));
    return {};
  }

  Status add_events(SegmentHistory& part) const {
    Selector selector = segment_.event;
    selector.where.insert(selector.where.end(), added_.begin(), added_.end());
    ROLLCALL_ASSIGN_OR_RETURN(EventSelector events,
                              resolve_event_selector(field_, selector, where_, context_.catalog));
    part.selectors_.steps.push_back(std::move(events));
    return {};
  }

  const std::string field_;
  const Segment& segment_;
  const std::vector<PropertyCondition>& where_;
  const PlanContext& context_;
  const Timeframe& timeframe_;
  std::vector<PropertyCondition> added_;  // conditions beside those of the selector
};

std::optional<std::string> SegmentHistory::why_needed(const Segment& segment,
                                                      const std::vector<PropertyCondition>& where,
                                                      const PlanContext& context) {
  if (segment.kind == Kind::kDeclined || segment.kind == Kind::kFavourite || segment.times) {
    return fmt::format("{} counts the events of a user", name_of_part(segment));
  }
  if (segment.sum) return "sum adds up the amounts of a user's events";
  // Without history, the error says what the aggregates would have to know.
  if (!context.settings.history) return {};
  return why_events_are_needed(segment.event, where, context.catalog);
}

Result<SegmentHistory> SegmentHistory::resolve(std::string_view field, const Segment& segment,
                                               const std::vector<PropertyCondition>& where,
                                               const PlanContext& context,
                                               const Timeframe& timeframe, std::string reason) {
  ROLLCALL_ASSIGN_OR_RETURN(SegmentHistory part,
                            Resolver(field, segment, where, context, timeframe).resolve());
  part.reason_ = std::move(reason);
  return part;
}

std::size_t SegmentHistory::memory_bytes() const {
  std::size_t bytes = 0;
  for (const EventSelector& step : selectors_.steps) {
    bytes += step.names.size() * sizeof(EventCode);
    for (const EventSelector::Values& values : step.where) {
      bytes += values.codes.size() * sizeof(ValueCode);
    }
  }
  const auto* const rule = std::get_if<EventsRule>(&rule_);
  const auto* const favourite = rule == nullptr ? nullptr : std::get_if<FavouriteRule>(rule);
  return bytes + (favourite == nullptr ? 0 : favourite->is_smaller.size() / 8);
}

BitSpan SegmentHistory::evaluate(ChunkSets& sets) const {
  if (days_.empty()) return {};
  if (const auto* const counts = std::get_if<CountRule>(&rule_)) {
    return evaluate_counts(*counts, sets);
  }
  return evaluate_events(std::get<EventsRule>(rule_), sets);
}

BitSpan SegmentHistory::evaluate_counts(const CountRule& rule, ChunkSets& sets) const {
  std::vector<TimeUs> instants = {selectors_.begin, selectors_.end};
  if (const auto* const decline = std::get_if<DeclineRule>(&rule)) {
    instants.insert(instants.begin() + 1,
                    std::clamp(decline->later_begin, selectors_.begin, selectors_.end));
  }
  EventCounts counts(selectors_.steps.front(), std::move(instants), /*counts_valued=*/false,
                     account_);
  ChunkSets looked_at(sets.chunk(), sets.arena(), days_);
  if (sets.limit()) looked_at.limit_to(*sets.limit());
  if (!candidates_.empty()) {
    const BitSpan candidates = looked_at.active(candidates_);
    if (candidates.empty()) return {};
    looked_at.limit_to(candidates);
  }
  return looked_at.with_history(
      [&](std::size_t run, const LogBlock& block) { counts.open(run, block); },
      [&](UserCursor& cursor) {
        const std::span<const std::uint64_t> found = counts.of_user(cursor, events_at_least_);
        if (std::ranges::all_of(found, [](std::uint64_t count) { return count == 0; })) {
          return false;
        }
        return std::visit([&](const auto& of) { return of.holds(found); }, rule) != takes_others_;
      });
}

BitSpan SegmentHistory::evaluate_events(const EventsRule& rule, ChunkSets& sets) const {
  StepEvents told(selectors_, account_);
  return sets.with_history(
      [&](std::size_t run, const LogBlock& block) { told.open(run, block); },
      [&](UserCursor& cursor) {
        const std::span<const StepEvent> events = told.of_user(cursor, events_at_least_);
        if (events.empty()) return false;
        const bool holds = std::visit([&](const auto& of) { return of.holds(events, told); }, rule);
        return holds != takes_others_;
      });
}

}  // namespace rollcall
