#include "tests/support/naive_segments.h"

#include <fstream>
#include <utility>

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

bool holds(Segment::DaysTest test, std::int32_t days) {
  switch (test.compare) {
    case Segment::Compare::kAtLeast:
      return days >= test.days;
    case Segment::Compare::kAtMost:
      return days <= test.days;
    case Segment::Compare::kExactly:
      return days == test.days;
  }
  return false;
}

Result<UserSet> who_did(const Segment& segment, const NaiveScope& scope) {
  ROLLCALL_ASSIGN_OR_RETURN(const NaiveEnds ends,
                            resolve_ends(scope.data, scope.now, segment.range));
  UserSet users;
  if (!ends.from || !ends.to) return users;
  const DaysByUser activity = scope.days_by_user(segment.event);
  for (const NaiveUser user : seen(scope)) {
    const auto found = activity.find(user);
    const std::set<Day> days = found == activity.end() ? std::set<Day>{} : found->second;
    std::int32_t in_range = 0;
    for (const Day day : days) in_range += *ends.from <= day && day <= *ends.to;
    bool is_in = in_range > 0;
    if (segment.days) is_in = holds(*segment.days, in_range);
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

}  // namespace

Result<Segment> written_out(const Segment& segment, const SavedSegments& saved) {
  return written_out(segment, saved, {});
}

Result<UserSet> users_of(const Segment& segment, const NaiveScope& scope) {
  if (segment.kind == Kind::kDid || segment.kind == Kind::kFirst) return who_did(segment, scope);
  if (segment.kind == Kind::kFile) return who_is_listed(segment.name, scope);
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
