#include "core/query/text/query_validation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "core/base/open_file.h"
#include "core/query/text/query_names.h"
#include "core/time/time_zone.h"
#include "rollcall/message_text.h"

namespace rollcall {
namespace {

Status check_range(std::string_view field, std::int64_t found, std::int64_t min, std::int64_t max) {
  if (min <= found && found <= max) return {};
  return Status::invalid_argument(
      fmt::format("{}: must be a whole number from {} to {}, found {}", field, min, max, found));
}

// The field of a condition's JSON object: two conditions on a property with the same one could not
// be written down.
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
      break;
  }
  return "set";
}

Status check_where(const std::vector<PropertyCondition>& where) {
  for (auto condition = where.begin(); condition != where.end(); ++condition) {
    const std::string_view field = field_of(condition->test);
    const std::string path = fmt::format("where: {}: {}", excerpt(condition->property), field);
    if (condition->property.empty()) {
      return Status::invalid_argument("where: the name of a property is empty");
    }
    const std::size_t value_count = condition->values.size();
    if (field == "set" && value_count != 0) {
      return Status::invalid_argument(
          fmt::format("{}: takes no value, found {}", path, value_count));
    }
    if (field == "contains" && value_count != 1) {
      return Status::invalid_argument(
          fmt::format("{}: takes one value, found {}", path, value_count));
    }
    if (field != "set" && value_count == 0) {
      return Status::invalid_argument(fmt::format("{}: must name a value, found none", path));
    }
    const bool again = std::any_of(where.begin(), condition, [&](const PropertyCondition& other) {
      return other.property == condition->property && field_of(other.test) == field;
    });
    if (again) return Status::invalid_argument(fmt::format("{}: is given twice", path));
  }
  return {};
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

Status check_day(std::string_view field, Day day) {
  if (kDayMin <= day && day <= kDayMax) return {};
  return Status::invalid_argument(fmt::format(
      "{}: must lie between 0001-01-01 and 9999-12-31, found {}", field, to_string(day)));
}

Status check_date(std::string_view field, const DateText& date) {
  const Day* day = std::get_if<Day>(&date);
  return day == nullptr ? Status() : check_day(field, *day);
}

Status check_as_of(const AsOf& as_of) {
  if (const Day* day = std::get_if<Day>(&as_of)) return check_day("as_of", *day);
  const TimeUs* const time = std::get_if<TimeUs>(&as_of);
  if (time == nullptr) return {};
  if (kDayMin.value * kUsPerDay <= *time && *time < (kDayMax.value + 1) * kUsPerDay) return {};
  return Status::invalid_argument(fmt::format(
      "as_of: must lie between the years 1 and 9999, found {} microseconds since 1970", *time));
}

Status check_last(LastSpan last) {
  if (std::string_view("dwmqy").find(last.unit) == std::string_view::npos) {
    return Status::invalid_argument(fmt::format(
        "last: the unit must be d, w, m, q or y, found \"{}\"", std::string(1, last.unit)));
  }
  return check_range("last", last.count, 1, kSpanDaysMax);
}

Status check_dates(const std::optional<DateText>& from, const std::optional<DateText>& to,
                   const std::optional<LastSpan>& last) {
  if (last && (from || to)) {
    return Status::invalid_argument("last: stands for from and to: give either, found both");
  }
  if (last) ROLLCALL_RETURN_IF_ERROR(check_last(*last));
  if (from) ROLLCALL_RETURN_IF_ERROR(check_date("from", *from));
  if (to) ROLLCALL_RETURN_IF_ERROR(check_date("to", *to));
  const Day* const first = from ? std::get_if<Day>(&*from) : nullptr;
  const Day* const end = to ? std::get_if<Day>(&*to) : nullptr;
  if (first != nullptr && end != nullptr && *end < *first) {
    return Status::invalid_argument(fmt::format("from: must not be later than to, found {} and {}",
                                                to_string(*first), to_string(*end)));
  }
  return {};
}

Status check_segment(std::string_view field, const Segment& segment, int depth = 0) {
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
    case Kind::kFirst: {
      const std::string at =
          fmt::format("{}: {}", field, segment.kind == Kind::kDid ? "did" : "first");
      ROLLCALL_RETURN_IF_ERROR(check_selector(at, segment.event));
      Status status = check_dates(segment.range.from, segment.range.to, segment.range.last);
      if (!status.ok())
        return Status::invalid_argument(fmt::format("{}: {}", at, status.message()));
      if (!segment.days) return {};
      if (segment.kind == Kind::kFirst) return fault("days: goes with did only");
      return check_range(fmt::format("{}: days", field), segment.days->days, 0, kSpanDaysMax);
    }
    case Kind::kAll:
    case Kind::kAny:
      if (segment.parts.empty()) return fault("must have at least one part");
      break;
    case Kind::kNot:
      if (segment.parts.size() != 1) return fault("not: must have one part");
      break;
    case Kind::kFile:
    case Kind::kSaved:
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
      check_range("breakdown_limit", common.breakdown_limit, 1, kBreakdownLimitMax));
  if (common.members && common.members->limit == 0) {
    return Status::invalid_argument("members: limit: must be at least 1, found 0");
  }
  return check_where(common.where);
}

Status check(const ActiveQuery& query) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("event", query.event));
  const auto check_window = [&](std::string_view field, std::int32_t days) -> Status {
    if (query.period != Period::kDay) {
      return Status::invalid_argument(fmt::format(
          "{}: goes with the period \"day\" only, found \"{}\"", field, to_string(query.period)));
    }
    return check_range(field, days, 1, kSpanDaysMax);
  };
  if (query.window_days) {
    ROLLCALL_RETURN_IF_ERROR(check_window("window_days", *query.window_days));
  }
  if (query.ratio_to_window) {
    ROLLCALL_RETURN_IF_ERROR(check_window("ratio_to_window", *query.ratio_to_window));
    if (query.window_days && *query.ratio_to_window < *query.window_days) {
      return Status::invalid_argument(
          fmt::format("ratio_to_window: must not be less than window_days, found {} and {}",
                      *query.ratio_to_window, *query.window_days));
    }
  }
  return {};
}

Status check(const RetentionQuery& query) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("cohort_event", query.cohort_event));
  ROLLCALL_RETURN_IF_ERROR(check_selector("return_event", query.return_event));
  constexpr std::int32_t kMax = std::numeric_limits<std::int32_t>::max();
  if (query.periods) {
    ROLLCALL_RETURN_IF_ERROR(check_range("periods", *query.periods, 0, kMax));
    if (!query.brackets.empty()) {
      return Status::invalid_argument("brackets: stand for periods: give either, found both");
    }
  }
  std::int64_t sum = 0;
  for (const std::int32_t size : query.brackets) {
    ROLLCALL_RETURN_IF_ERROR(check_range("brackets: a size", size, 1, kMax));
    sum += size;
    ROLLCALL_RETURN_IF_ERROR(check_range("brackets: their sum", sum, 1, kMax));
  }
  return {};
}

Status check(const ChurnQuery& query) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("event", query.event));
  if (const auto* gap = std::get_if<ChurnQuery::GapDays>(&query.rule)) {
    return check_range("rule: gap_days", gap->days, 1, kSpanDaysMax);
  }
  return check_range("rule: count", std::get<ChurnQuery::NextPeriods>(query.rule).count, 1,
                     kSpanDaysMax);
}

Status check(const IdleQuery& query) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("event", query.event));
  if (query.each_day) return {};
  if (query.edges.empty() || query.edges.front() != 0) {
    return Status::invalid_argument(
        fmt::format("edges: must begin with 0, found {}",
                    excerpt(fmt::format("[{}]", fmt::join(query.edges, ", ")))));
  }
  for (std::size_t i = 1; i < query.edges.size(); ++i) {
    ROLLCALL_RETURN_IF_ERROR(check_range("edges: an edge", query.edges[i], 0, kSpanDaysMax));
    if (query.edges[i] <= query.edges[i - 1]) {
      return Status::invalid_argument(
          fmt::format("edges: must ascend, found {} after {}", query.edges[i], query.edges[i - 1]));
    }
  }
  return {};
}

Status check(const CountsQuery& query) { return check_selector("event", query.event); }

Status check(const LifecycleQuery& query) { return check_selector("event", query.event); }

Status check(const StickinessQuery& query) {
  ROLLCALL_RETURN_IF_ERROR(check_selector("event", query.event));
  if (!query.window_days) return {};
  if (query.period != Period::kDay) {
    return Status::invalid_argument(fmt::format(
        "window_days: goes with the period \"day\" only, found \"{}\"", to_string(query.period)));
  }
  return check_range("window_days", *query.window_days, 1, kSpanDaysMax);
}

Status check(const SegmentQuery& query) { return check_segment("segment", query.segment); }

}  // namespace

Status validate(const Query& query) {
  Status status = check_common(query.common);
  if (status.ok()) status = std::visit([](const auto& ask) { return check(ask); }, query.ask);
  const bool has_range = query.common.from || query.common.to || query.common.last;
  if (status.ok() && has_range && std::holds_alternative<IdleQuery>(query.ask)) {
    status = Status::invalid_argument("takes no from, to or last: it is a view of one day, as_of");
  }
  if (status.ok() && has_range && std::holds_alternative<SegmentQuery>(query.ask)) {
    status = Status::invalid_argument("takes no from, to or last: its parts have their own");
  }
  if (status.ok()) return {};
  return Status::invalid_argument(fmt::format("{}: {}", kind_of(query), status.message()));
}

}  // namespace rollcall
