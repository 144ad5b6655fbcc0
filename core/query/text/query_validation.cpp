#include "core/query/text/query_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "core/base/open_file.h"
#include "core/query/text/compare_json.h"
#include "core/query/text/date_text.h"
#include "core/query/text/decimal_text.h"
#include "core/query/text/funnel_json.h"
#include "core/query/text/query_names.h"
#include "core/query/text/selector_json.h"
#include "core/time/calendar.h"
#include "core/time/time_zone.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

// Names the field of a condition's JSON object.
std::string_view field_of(PropertyCondition::Test test) {
  switch (test) {
    case PropertyCondition::Test::kAnyOf:
      return "in";
    case PropertyCondition::Test::kNoneOf:
      return "not_in";
    case PropertyCondition::Test::kContains:
      return "contains";
    case PropertyCondition::Test::kIsSet:
    case PropertyCondition::Test::kIsNotSet:
      return "set";
    case PropertyCondition::Test::kMore:
    case PropertyCondition::Test::kAtLeast:
    case PropertyCondition::Test::kLess:
    case PropertyCondition::Test::kAtMost:
    case PropertyCondition::Test::kEquals:
      break;
  }
  return name_of(kNumberTestNames, test);
}

Status check_where(const std::vector<PropertyCondition>& where) {
  for (const PropertyCondition& condition : where) {
    const std::string_view field = field_of(condition.test);
    const std::string path = fmt::format("where: {}: {}", excerpt(condition.property), field);
    if (condition.property.empty()) {
      return Status::invalid_argument("where: the name of a property is empty");
    }
    const std::size_t value_count = condition.values.size();
    const bool is_number = is_number_test(condition.test);
    if (field == "set" && value_count != 0) {
      return Status::invalid_argument(
          fmt::format("{}: takes no value, found {}", path, value_count));
    }
    if ((field == "contains" || is_number) && value_count != 1) {
      return Status::invalid_argument(
          fmt::format("{}: takes one value, found {}", path, value_count));
    }
    if (field != "set" && value_count == 0) {
      return Status::invalid_argument(fmt::format("{}: must name a value, found none", path));
    }
    if (is_number && !parse_decimal_text(condition.values[0])) {
      return Status::invalid_argument(fmt::format(
          "{}: must be {}, found {}", path, kDecimalsAllowed, quoted_excerpt(condition.values[0])));
    }
  }
  return {};
}

Status check_day(std::string_view field, Day day) {
  if (kDayMin <= day && day <= kDayMax) return {};
  return Status::invalid_argument(fmt::format(
      "{}: must lie between 0001-01-01 and 9999-12-31, found {}", field, to_string(day)));
}

Status check_date(std::string_view field, const DateText& date) {
  const Day* day = std::get_if<Day>(&date);
  return day == nullptr ? Status() : check_day(field, *day);
}

Status check_date(std::string_view field, const RangeEnd& end) {
  if (const auto* day = std::get_if<Day>(&end)) return check_day(field, *day);
  const auto* const time = std::get_if<LocalTime>(&end);
  if (time == nullptr) return {};
  if (time->us_of_day < 0 || time->us_of_day >= kUsPerDay) {
    return Status::invalid_argument(
        fmt::format("{}: the time of day must be less than 24 hours, found {} microseconds", field,
                    time->us_of_day));
  }
  return check_day(field, time->day);
}

// Returns the first (last) reading of clocks that an end means, if it is not in words.
std::optional<LocalTime> reading_of(const DateText& date, std::int64_t us_of_day) {
  const auto* const day = std::get_if<Day>(&date);
  if (day == nullptr) return {};
  return LocalTime{.day = *day, .us_of_day = us_of_day};
}

std::optional<LocalTime> reading_of(const RangeEnd& end, std::int64_t us_of_day) {
  if (const auto* time = std::get_if<LocalTime>(&end)) return *time;
  const auto* const day = std::get_if<Day>(&end);
  if (day == nullptr) return {};
  return LocalTime{.day = *day, .us_of_day = us_of_day};
}

Status check_as_of(const AsOf& as_of) {
  if (const Day* day = std::get_if<Day>(&as_of)) return check_day("as_of", *day);
  const TimeUs* const time = std::get_if<TimeUs>(&as_of);
  if (time == nullptr) return {};
  if (kDayMin.value * kUsPerDay <= *time && *time < (kDayMax.value + 1) * kUsPerDay) return {};
  return Status::invalid_argument(fmt::format(
      "as_of: must lie between the years 1 and 9999, found {} microseconds since 1970", *time));
}

Status check_last(LastSpan last) { return check_whole_number("last", last.count, 1, kSpanDaysMax); }

template <class End>
Status check_dates(const std::optional<End>& from, const std::optional<End>& to,
                   const std::optional<LastSpan>& last) {
  if (last && (from || to)) {
    return Status::invalid_argument("last: stands for from and to: give either, found both");
  }
  if (last) ROLLCALL_RETURN_IF_ERROR(check_last(*last));
  if (from) ROLLCALL_RETURN_IF_ERROR(check_date("from", *from));
  if (to) ROLLCALL_RETURN_IF_ERROR(check_date("to", *to));
  const auto first = from ? reading_of(*from, 0) : std::nullopt;
  const auto end = to ? reading_of(*to, kUsPerDay - 1) : std::nullopt;
  if (first && end && *end < *first) {
    return Status::invalid_argument(fmt::format("from: must not be later than to, found {} and {}",
                                                to_string(*from), to_string(*to)));
  }
  return {};
}

}  // namespace

Status check_whole_number(std::string_view field, std::int64_t found, std::int64_t min,
                          std::int64_t max) {
  if (min <= found && found <= max) return {};
  return Status::invalid_argument(
      fmt::format("{}: must be a whole number from {} to {}, found {}", field, min, max, found));
}

Status check_selector(std::string_view field, const Selector& selector) {
  const bool any = selector.match == Selector::Names::kAny;
  if (any != selector.names.empty()) {
    return Status::invalid_argument(fmt::format(
        "{}: {}", field, any ? "any event takes no names" : "must name an event, found none"));
  }
  for (const std::string& name : selector.names) {
    if (name.empty() || name == "*") {
      return Status::invalid_argument(
          fmt::format("{}: must be the name of an event, found {}", field, quoted_excerpt(name)));
    }
  }
  if (const Status status = check_where(selector.where); !status.ok()) {
    return Status::invalid_argument(fmt::format("{}: {}", field, status.message()));
  }
  return {};
}

Status check_distinct_selectors(std::string_view field, const std::vector<Selector>& selectors) {
  std::map<std::string, std::size_t> places;  // by text
  for (std::size_t i = 0; i < selectors.size(); ++i) {
    ROLLCALL_RETURN_IF_ERROR(check_selector(fmt::format("{}[{}]", field, i), selectors[i]));
    const std::string text = selector_text(selectors[i]);
    const auto [same, is_new] = places.try_emplace(text, i);
    if (is_new) continue;
    return Status::invalid_argument(
        fmt::format("{0}[{1}]: must be another event than {0}[{2}], found {3} twice", field, i,
                    same->second, quoted_excerpt(text)));
  }
  return {};
}

Status check_days_or_longer(std::string_view field, Period period) {
  if (!is_by_clock(period)) return {};
  return Status::invalid_argument(fmt::format("{}: must be {}, found \"{}\"", field,
                                              fmt::join(kWordsOf<kPeriodNames>, ", "),
                                              to_string(period)));
}

bool is_share(std::string_view text) {
  constexpr std::size_t kDecimalsMax = 18;
  const auto number = parse_decimal_text(text);
  return number && number->fraction.size() <= kDecimalsMax && *number >= DecimalText{} &&
         *number <= *parse_decimal_text("1");
}

namespace {

Status within(std::string_view field, const Status& status) {
  if (status.ok()) return status;
  return Status::invalid_argument(fmt::format("{}: {}", field, status.message()));
}

// Returns the field of the selector.
std::string_view events_field(Segment::Kind kind) {
  switch (kind) {
    case Segment::Kind::kFirst:
      return "first";
    case Segment::Kind::kDeclined:
      return "declined";
    case Segment::Kind::kFavourite:
      return "of";
    default:
      return "did";
  }
}

// Checks that at most one of days, times and sum is given, and only with did.
Status check_tests(std::string_view field, const Segment& segment) {
  const auto fault = [&](std::string_view text) {
    return Status::invalid_argument(fmt::format("{}: {}", field, text));
  };
  const std::pair<std::string_view, bool> tests[] = {{"days", segment.days.has_value()},
                                                     {"times", segment.times.has_value()},
                                                     {"sum", segment.sum.has_value()}};
  std::string_view given;
  for (const auto& [name, is_given] : tests) {
    if (!is_given) continue;
    if (segment.kind != Segment::Kind::kDid) {
      return fault(fmt::format("{}: goes with did only", name));
    }
    if (!given.empty()) {
      return fault(fmt::format(
          "{}: stands alone, found {} beside it; \"all\" of two parts asks for both", name, given));
    }
    given = name;
  }
  if (segment.days) {
    return check_whole_number(fmt::format("{}: days", field), segment.days->days, 0, kSpanDaysMax);
  }
  if (segment.times) {
    return check_whole_number(fmt::format("{}: times", field), segment.times->times, 0, kTimesMax);
  }
  if (segment.sum && !parse_decimal_text(segment.sum->amount)) {
    return fault(fmt::format("sum: must be {}, found {}", kDecimalsAllowed,
                             quoted_excerpt(segment.sum->amount)));
  }
  return {};
}

Status check_decline(std::string_view field, const Segment& segment) {
  const auto fault = [&](std::string_view text) {
    return Status::invalid_argument(fmt::format("{}: {}", field, text));
  };
  const DateRangeText& range = segment.range;
  if (range.from || range.to || !range.last || range.last->unit != LastSpan::Unit::kDay) {
    return fault(fmt::format("declined: its range must be last, {}", kDaySpansAllowed));
  }
  if (!is_share(segment.decline.to_at_most)) {
    return fault(fmt::format("to_at_most: must be {}, found {}", kSharesAllowed,
                             quoted_excerpt(segment.decline.to_at_most)));
  }
  return check_whole_number(fmt::format("{}: from_at_least", field), segment.decline.from_at_least,
                            1, kTimesMax);
}

Status check_favourite(std::string_view field, const Segment& segment) {
  const auto fault = [&](std::string_view text) {
    return Status::invalid_argument(fmt::format("{}: {}", field, text));
  };
  if (segment.favourite.property.empty()) {
    return fault("favourite: the name of a property is empty");
  }
  // An event without a value does not count.
  if (segment.favourite.value.empty()) return fault("is: must be a value, found \"\"");
  return {};
}

Status check_events(std::string_view field, const Segment& segment) {
  const std::string at = fmt::format("{}: {}", field, events_field(segment.kind));
  ROLLCALL_RETURN_IF_ERROR(check_selector(at, segment.event));
  const DateRangeText& range = segment.range;
  ROLLCALL_RETURN_IF_ERROR(within(at, check_dates(range.from, range.to, range.last)));
  ROLLCALL_RETURN_IF_ERROR(check_tests(field, segment));
  if (segment.kind == Segment::Kind::kDeclined) return check_decline(field, segment);
  if (segment.kind == Segment::Kind::kFavourite) return check_favourite(field, segment);
  return {};
}

constexpr std::string_view kOneRow = "which has no rows to tell apart";

// Is a field that a question within a segment must not have.
struct RefusedField {
  std::string_view name;
  bool is_given;
  std::string_view reason;
};
Status check_refused(std::string_view at, std::initializer_list<RefusedField> fields) {
  for (const RefusedField& refused : fields) {
    if (!refused.is_given) continue;
    return Status::invalid_argument(
        fmt::format("{}: {}: does not go with a segment, {}", at, refused.name, refused.reason));
  }
  return {};
}

// Checks that a funnel has nothing that does not tell who is in a segment.
Status check_funnel_of_segment(std::string_view field, const Query& funnel,
                               const FunnelQuery& ask) {
  const QueryCommon& common = funnel.common;
  ROLLCALL_RETURN_IF_ERROR(check_refused(
      field, {{"as_of", common.as_of.has_value(), "whose as_of is that of the question"},
              {"members", common.members.has_value(), "which is a set of users"},
              {"breakdown", !common.breakdown.empty(), kOneRow},
              {"breakdown_limit", common.breakdown_limit != QueryCommon().breakdown_limit, kOneRow},
              {"breakdown_step", ask.breakdown_step != FunnelQuery().breakdown_step, kOneRow},
              {"period", ask.period.has_value(), kOneRow},
              {"total_seconds", ask.total_seconds, "which has no seconds"}}));
  ROLLCALL_RETURN_IF_ERROR(within(field, check_dates(common.from, common.to, common.last)));
  ROLLCALL_RETURN_IF_ERROR(within(field, check_where(common.where)));
  return within(field, check_funnel(ask));
}

Status check_funnel_part(std::string_view field, const Segment& segment, int depth) {
  const bool is_dropped = segment.kind == Segment::Kind::kDropped;
  const std::string at = fmt::format("{}: {}", field, is_dropped ? "dropped" : "converted");
  const FunnelQuery* const ask =
      segment.funnel == nullptr ? nullptr : std::get_if<FunnelQuery>(&segment.funnel->ask);
  if (ask == nullptr) return Status::invalid_argument(at + ": must have a funnel, found none");
  ROLLCALL_RETURN_IF_ERROR(check_funnel_of_segment(at, *segment.funnel, *ask));
  if (is_dropped) {
    ROLLCALL_RETURN_IF_ERROR(check_whole_number(fmt::format("{}: at", field), segment.at_step, 2,
                                                static_cast<std::int64_t>(ask->steps.size())));
  }
  const std::optional<Segment>& among = segment.funnel->common.among;
  return among ? check_segment(at + ": among", *among, depth + 1) : Status();
}

// The segments that are its variants are checked with it, but not how deep they are nested.
Status check_variant_part(std::string_view field, const Segment& segment, int depth) {
  const std::string at = fmt::format("{}: variant: of", field);
  const CompareQuery* const ask =
      segment.comparison == nullptr ? nullptr : std::get_if<CompareQuery>(&segment.comparison->ask);
  if (ask == nullptr) return Status::invalid_argument(at + ": must be a comparison, found none");
  const QueryCommon& common = segment.comparison->common;
  ROLLCALL_RETURN_IF_ERROR(check_refused(
      at, {{"as_of", common.as_of.has_value(), "whose as_of is that of the question"},
           {"members", common.members.has_value(), "which is a set of users"},
           {"breakdown", !common.breakdown.empty(), kOneRow},
           {"breakdown_limit", common.breakdown_limit != QueryCommon().breakdown_limit, kOneRow},
           {"aa", ask->aa.has_value(), "which has no differences"}}));
  ROLLCALL_RETURN_IF_ERROR(within(at, check_dates(common.from, common.to, common.last)));
  ROLLCALL_RETURN_IF_ERROR(within(at, check_where(common.where)));
  ROLLCALL_RETURN_IF_ERROR(within(at, check_compare(*ask)));
  const std::vector<std::string> named = named_variants(*ask);
  if (!named.empty() && std::ranges::find(named, segment.name) == named.end()) {
    return Status::invalid_argument(
        fmt::format("{}: variant: {}", field, unknown_name("variant", segment.name, named)));
  }
  for (const Segment* const part : segments_of_question(segment)) {
    ROLLCALL_RETURN_IF_ERROR(check_segment(at, *part, depth + 1));
  }
  return {};
}

}  // namespace

Status check_segment(std::string_view field, const Segment& segment, int depth) {
  constexpr std::size_t kNameBytesMax = 4096;  // no longer path is one
  const auto fault = [&](std::string_view text) {
    return Status::invalid_argument(fmt::format("{}: {}", field, text));
  };
  if (depth > kSegmentDepthMax) {
    return fault(fmt::format("segments are nested deeper than {}", kSegmentDepthMax));
  }
  using Kind = Segment::Kind;
  switch (segment.kind) {
    case Kind::kDid:
    case Kind::kFirst:
    case Kind::kDeclined:
    case Kind::kFavourite:
      return check_events(field, segment);
    case Kind::kConverted:
    case Kind::kDropped:
      return check_funnel_part(field, segment, depth);
    case Kind::kVariant:
      return check_variant_part(field, segment, depth);
    case Kind::kAll:
    case Kind::kAny:
      if (segment.parts.empty()) return fault("must have at least one part");
      break;
    case Kind::kNot:
      if (segment.parts.size() != 1) return fault("not: must have one part");
      break;
    case Kind::kFile:
    case Kind::kSaved:
    case Kind::kAudience:
      if (segment.name.empty()) return fault("must have a name, found \"\"");
      if (segment.name.size() > kNameBytesMax) {
        return fault(fmt::format("must have a name of at most {} bytes, found {}", kNameBytesMax,
                                 segment.name.size()));
      }
      if (segment.kind == Kind::kFile) {
        if (const Status path = check_path(segment.name); !path.ok()) return fault(path.message());
      }
      break;
  }
  for (const Segment& part : segment.parts) {
    ROLLCALL_RETURN_IF_ERROR(check_segment(field, part, depth + 1));
  }
  return {};
}

Status check_common(const QueryCommon& common) {
  ROLLCALL_RETURN_IF_ERROR(check_dates(common.from, common.to, common.last));
  if (common.as_of) ROLLCALL_RETURN_IF_ERROR(check_as_of(*common.as_of));
  if (common.among) ROLLCALL_RETURN_IF_ERROR(check_segment("among", *common.among));
  ROLLCALL_RETURN_IF_ERROR(
      check_whole_number("breakdown_limit", common.breakdown_limit, 1, kBreakdownLimitMax));
  if (common.members && common.members->limit == 0) {
    return Status::invalid_argument("members: limit: must be at least 1, found 0");
  }
  return check_where(common.where);
}

}  // namespace rollcall
