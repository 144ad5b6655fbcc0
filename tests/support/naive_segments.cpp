#include "tests/support/naive_segments.h"

#include <algorithm>
#include <compare>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "tests/support/naive_kinds.h"
#include "tests/support/naive_table.h"

namespace rollcall::testing {

namespace {

using Kind = Segment::Kind;
using UserSet = std::set<NaiveUser>;

Result<Segment> written_out(const Segment& segment, const SavedSegments& saved,
                            std::set<std::string> within) {
  if (segment.kind == Kind::kSaved) {
    const auto found = saved.find(segment.name);
    if (found == saved.end()) return Status::invalid_argument("unknown segment: " + segment.name);
    if (!within.insert(segment.name).second) {
      return Status::invalid_argument("a segment within itself: " + segment.name);
    }
    return written_out(found->second, saved, std::move(within));
  }
  Segment result = segment;
  for (Segment& part : result.parts) {
    ROLLCALL_ASSIGN_OR_RETURN(part, written_out(part, saved, within));
  }
  Status status;
  change_segments_of_question(result, [&](Segment& part) {
    Result<Segment> written = written_out(part, saved, within);
    if (written.ok()) {
      part = *std::move(written);
    } else {
      status = written.status();
    }
  });
  if (!status.ok()) return status;
  return result;
}

// Returns everybody with any event at all up to the scope's instant, whatever the question's
// conditions.
UserSet seen(const NaiveScope& scope) {
  NaiveScope all = scope;
  all.where.clear();
  UserSet users;
  for (const auto& [user, days] : all.days_by_user({})) users.insert(user);
  return users;
}

// `order` is that of what was found to what is asked for.
bool holds(Segment::Compare compare, std::strong_ordering order) {
  switch (compare) {
    case Segment::Compare::kAtLeast:
      return order >= 0;
    case Segment::Compare::kAtMost:
      return order <= 0;
    case Segment::Compare::kExactly:
      return order == 0;
  }
  return false;
}

// They are the events of each user that match and lie on certain days, in no order.
using EventsByUser = std::map<NaiveUser, std::vector<std::size_t>>;

EventsByUser events_on(const Selector& selector, Day first, Day last, const NaiveScope& scope) {
  EventsByUser events;
  for (const std::size_t i : scope.events(selector)) {
    const Day day = scope.data.days[i];
    if (first <= day && day <= last) events[scope.data.user_of[i]].push_back(i);
  }
  return events;
}

// Finds users by the number of their events, or by what their amounts add up to.
UserSet who_counts(const Segment& segment, Day first, Day last, const NaiveScope& scope) {
  const EventsByUser events = events_on(segment.event, first, last, scope);
  UserSet users;
  for (const NaiveUser user : seen(scope)) {
    const auto found = events.find(user);
    const std::vector<std::size_t> own =
        found == events.end() ? std::vector<std::size_t>() : found->second;
    bool is_in = false;
    if (segment.times) {
      is_in =
          holds(segment.times->compare, std::ssize(own) <=> std::ptrdiff_t{segment.times->times});
    } else {
      AmountSum sum = 0;
      for (const std::size_t i : own) sum += scope.data.events[i].value.value_or(0);
      const std::string text = decimal_text(sum, scope.data.settings.value_decimals);
      is_in = holds(segment.sum->compare, compare_decimals(text, segment.sum->amount) <=> 0);
    }
    if (is_in) users.insert(user);
  }
  return users;
}

UserSet who_declined(const Segment& segment, const NaiveScope& scope) {
  const std::int32_t days = segment.range.last->count;
  const Day today = scope.now.last_ended;
  const EventsByUser now = events_on(segment.event, today - days + 1, today, scope);
  const EventsByUser before = events_on(segment.event, today - 2 * days + 1, today - days, scope);
  // The decimal becomes a fraction: "0.25" is 025 / 100.
  std::string digits = segment.decline.to_at_most;
  AmountSum whole = 1;
  if (const std::size_t point = digits.find('.'); point != std::string::npos) {
    for (std::size_t i = point + 1; i < digits.size(); ++i) whole *= 10;
    digits.erase(point, 1);
  }
  const AmountSum part = std::stoll(digits);
  UserSet users;
  for (const auto& [user, events] : before) {
    const auto left = now.find(user);
    const AmountSum count = left == now.end() ? 0 : static_cast<AmountSum>(left->second.size());
    const auto earlier = static_cast<AmountSum>(events.size());
    if (earlier >= segment.decline.from_at_least && count * whole <= part * earlier) {
      users.insert(user);
    }
  }
  return users;
}

UserSet who_favours(const Segment& segment, Day first, Day last, const NaiveScope& scope) {
  UserSet users;
  for (const auto& [user, events] : events_on(segment.event, first, last, scope)) {
    std::map<std::string, std::pair<std::int64_t, TimeUs>> values;  // how often, and when last
    for (const std::size_t i : events) {
      const NaiveEvent& event = scope.data.events[i];
      const std::string value = property_of(event, segment.favourite.property);
      if (value.empty()) continue;
      auto& [count, time] = values.try_emplace(value, 0, event.time).first->second;
      ++count;
      time = std::max(time, event.time);
    }
    // The first of equals is the smaller in bytes.
    const auto best =
        std::max_element(values.begin(), values.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    if (best != values.end() && best->first == segment.favourite.value) users.insert(user);
  }
  return users;
}

Result<UserSet> who_did(const Segment& segment, const NaiveScope& scope) {
  if (segment.kind == Kind::kDeclined) return who_declined(segment, scope);
  ROLLCALL_ASSIGN_OR_RETURN(const NaiveEnds ends,
                            resolve_ends(scope.data, scope.now, segment.range));
  UserSet users;
  if (!ends.from || !ends.to) return users;
  if (segment.times || segment.sum) return who_counts(segment, *ends.from, *ends.to, scope);
  if (segment.kind == Kind::kFavourite) return who_favours(segment, *ends.from, *ends.to, scope);
  const DaysByUser activity = scope.days_by_user(segment.event);
  for (const NaiveUser user : seen(scope)) {
    const auto found = activity.find(user);
    const std::set<Day> days = found == activity.end() ? std::set<Day>{} : found->second;
    std::int32_t in_range = 0;
    for (const Day day : days) in_range += *ends.from <= day && day <= *ends.to;
    bool is_in = in_range > 0;
    if (segment.days) is_in = holds(segment.days->compare, in_range <=> segment.days->days);
    if (segment.kind == Kind::kFirst) {
      is_in = !days.empty() && *ends.from <= *days.begin() && *days.begin() <= *ends.to;
    }
    if (is_in) users.insert(user);
  }
  return users;
}

// Returns the text of a field as CSV may write it: "user" or, with quotes doubled, in quotes.
std::string csv_field(std::string line) {
  if (!line.starts_with('"')) return line;
  std::string field;
  for (std::size_t i = 1; i + 1 < line.size(); ++i) {
    field += line[i];
    if (line[i] == '"') ++i;
  }
  return field;
}

Result<UserSet> who_is_listed(const std::string& path, const NaiveScope& scope) {
  std::ifstream in(path);
  if (!in) return Status::io_error("cannot read " + path);
  const bool is_csv = path.ends_with(".csv");
  const UserSet known = seen(scope);
  UserSet users;
  std::string line;
  for (bool is_header = is_csv; std::getline(in, line); is_header = false) {
    if (line.empty() || is_header) continue;
    if (is_csv) line = csv_field(line);
    UserId id = line;
    if (scope.data.settings.user_kind == UserKind::kInteger) {
      if (line.find_first_not_of("0123456789") != std::string::npos) {
        return Status::invalid_argument("no integer id: " + line);
      }
      id = std::uint64_t{std::stoull(line)};
    }
    const auto number = scope.data.numbers.find(id);
    if (number != scope.data.numbers.end() && known.contains(number->second)) {
      users.insert(number->second);
    }
  }
  return users;
}

// Finds users by the lists of the runs, classes and arms that the segment is about.
Result<UserSet> who_was_frozen(const Segment& segment, const NaiveScope& scope) {
  const Segment::AudiencePart& wanted = segment.audience;
  const UserSet known = seen(scope);
  bool has_runs = false;
  UserSet users;
  for (const auto& [name, audience] : scope.data.audiences) {
    if (name.campaign != segment.name || name.run != wanted.run.value_or(name.run)) continue;
    has_runs = true;
    for (const auto& [class_name, arms] : audience.arms) {
      if (class_name != wanted.class_name.value_or(class_name)) continue;
      for (std::size_t arm = 0; arm < arms.size(); ++arm) {
        if (wanted.arm && static_cast<std::size_t>(*wanted.arm) != arm) continue;
        for (const UserId& id : arms[arm]) {
          const NaiveUser user = scope.data.numbers.at(id);
          if (known.contains(user)) users.insert(user);
        }
      }
    }
  }
  if (!has_runs) return Status::invalid_argument("no such audience: " + segment.name);
  return users;
}

// Finds users by the cell of the funnel's table that counts them.
Result<UserSet> who_came_so_far(const Segment& segment, const NaiveScope& scope) {
  const auto& ask = std::get<FunnelQuery>(segment.funnel->ask);
  const QueryCommon& common = segment.funnel->common;
  NaiveScope own = scope;
  if (common.among) {
    NaiveScope all = scope;
    all.where.clear();
    ROLLCALL_ASSIGN_OR_RETURN(own.among, users_of(*common.among, all));
  }
  own.where.insert(own.where.end(), common.where.begin(), common.where.end());
  ROLLCALL_ASSIGN_OR_RETURN(const NaiveTable table, funnel_table(ask, common, own, {}));
  if (table.rows.empty()) return UserSet();
  const bool is_dropped = segment.kind == Kind::kDropped;
  const std::size_t row =
      is_dropped ? static_cast<std::size_t>(segment.at_step) - 1 : ask.steps.size() - 1;
  const std::string column = is_dropped ? "dropped" : "users";
  const auto at = std::find_if(table.columns.begin(), table.columns.end(),
                               [&](const Column& other) { return other.name == column; });
  const auto place = static_cast<std::size_t>(at - table.columns.begin());
  const auto& users = std::get<Users>(table.rows[row][place]);
  UserSet found;
  for (const NaiveUser user : users) {
    if (!scope.among || scope.among->contains(user)) found.insert(user);
  }
  return found;
}

// Finds users by the rows of the comparison's table.
Result<UserSet> who_is_of_variant(const Segment& segment, const NaiveScope& scope) {
  const auto& ask = std::get<CompareQuery>(segment.comparison->ask);
  const QueryCommon& common = segment.comparison->common;
  NaiveScope own = scope;
  own.among.reset();
  if (common.among) {
    NaiveScope all = scope;
    all.where.clear();
    ROLLCALL_ASSIGN_OR_RETURN(own.among, users_of(*common.among, all));
  }
  own.where.insert(own.where.end(), common.where.begin(), common.where.end());
  ROLLCALL_ASSIGN_OR_RETURN(const NaiveTable table, compare_table(ask, common, own));
  UserSet found;
  for (const auto& row : table.rows) {
    if (row.size() < 4 || !std::holds_alternative<Users>(row[1])) continue;
    const auto* const name = std::get_if<Cell>(&row[0]);
    if (name == nullptr || *name != Cell(segment.name)) continue;
    for (const std::size_t column : {std::size_t{1}, std::size_t{3}}) {
      for (const NaiveUser user : std::get<Users>(row[column])) {
        if (!scope.among || scope.among->contains(user)) found.insert(user);
      }
    }
  }
  return found;
}

}  // namespace

Result<Segment> written_out(const Segment& segment, const SavedSegments& saved) {
  return written_out(segment, saved, {});
}

Result<UserSet> users_of(const Segment& segment, const NaiveScope& scope) {
  const bool is_of_events = segment.kind == Kind::kDid || segment.kind == Kind::kFirst ||
                            segment.kind == Kind::kDeclined || segment.kind == Kind::kFavourite;
  if (is_of_events) return who_did(segment, scope);
  if (segment.kind == Kind::kAudience) return who_was_frozen(segment, scope);
  if (segment.kind == Kind::kFile) return who_is_listed(segment.name, scope);
  if (segment.kind == Kind::kConverted || segment.kind == Kind::kDropped) {
    return who_came_so_far(segment, scope);
  }
  if (segment.kind == Kind::kVariant) return who_is_of_variant(segment, scope);
  std::vector<UserSet> parts;
  for (const Segment& part : segment.parts) {
    ROLLCALL_ASSIGN_OR_RETURN(parts.emplace_back(), users_of(part, scope));
  }
  UserSet users;
  for (const NaiveUser user : seen(scope)) {
    std::size_t in = 0;
    for (const UserSet& part : parts) in += part.contains(user);
    if (segment.kind == Kind::kAll ? in == parts.size()
                                   : (in > 0) == (segment.kind == Kind::kAny)) {
      users.insert(user);
    }
  }
  return users;
}

}  // namespace rollcall::testing
