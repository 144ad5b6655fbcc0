#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "tests/support/naive_kinds.h"

namespace rollcall::testing {

namespace {

using Names = std::vector<std::string>;

// Where a name stands in the order of rows: before the others together, and these before the ends.
using Ranked = std::pair<int, std::string>;

const Ranked kOthers = {1, "$other"};

struct Seen {
  TimeUs time;
  std::string name;
  bool opens;
};

// The names of the paths of one user, each from the event that opens it on, or back.
std::vector<Names> paths_of(std::vector<Seen> events, const PathsQuery& ask) {
  const bool is_back = ask.direction == PathsQuery::Direction::kBefore;
  std::stable_sort(events.begin(), events.end(), [&](const Seen& a, const Seen& b) {
    if (a.time != b.time) return a.time < b.time;
    if (a.name != b.name) return a.name < b.name;
    return is_back ? b.opens && !a.opens : a.opens && !b.opens;
  });
  std::vector<std::vector<Seen>> sessions;
  for (const Seen& event : events) {
    const bool goes_on =
        !sessions.empty() && event.time - sessions.back().back().time <= ask.window.us;
    if (!goes_on) sessions.emplace_back();
    sessions.back().push_back(event);
  }
  std::vector<Names> paths;
  for (std::vector<Seen>& session : sessions) {
    if (is_back) std::reverse(session.begin(), session.end());
    Names path;
    for (const Seen& event : session) {
      if (!path.empty() || event.opens) path.push_back(event.name);
    }
    if (!path.empty()) paths.push_back(path);
  }
  return paths;
}

// The names that have rows of their own at a place of the paths.
std::set<std::string> shown_at(std::size_t place, std::size_t limit,
                               const std::map<NaiveUser, std::vector<Names>>& paths) {
  std::map<std::string, std::set<NaiveUser>> users;
  for (const auto& [user, all] : paths) {
    for (const Names& path : all) {
      if (place < path.size()) users[path[place]].insert(user);
    }
  }
  std::vector<std::pair<std::int64_t, std::string>> ranked;  // largest first, by negated size
  for (const auto& [name, of_name] : users) {
    const bool is_taken = name == "$other" || name == "$end" || name == "$start";
    if (!is_taken) ranked.emplace_back(-static_cast<std::int64_t>(of_name.size()), name);
  }
  std::sort(ranked.begin(), ranked.end());
  std::set<std::string> shown;
  for (std::size_t i = 0; i < std::min(limit, ranked.size()); ++i) shown.insert(ranked[i].second);
  return shown;
}

}  // namespace

Result<NaiveTable> paths_table(const PathsQuery& ask, const QueryCommon& common,
                               const NaiveScope& scope) {
  const NaiveData& data = scope.data;
  NaiveTable table;
  table.keys = {"step", "from", "to"};
  table.columns = {{"step", ColumnType::kInt},     {"from", ColumnType::kString},
                   {"to", ColumnType::kString},    {"users", ColumnType::kCount},
                   {"events", ColumnType::kCount}, {"complete", ColumnType::kBool}};
  ROLLCALL_ASSIGN_OR_RETURN(const std::optional<NaiveInstants> instants,
                            resolve_instants(scope, common));
  if (!instants) return table;

  std::map<NaiveUser, std::vector<Seen>> events;
  for (const std::size_t place : scope.events({})) {
    const NaiveEvent& event = data.events[place];
    const bool opens = matches(event, ask.event);
    if (event.time < instants->begin || event.time >= instants->end) continue;
    if (!opens && !matches(event, ask.steps)) continue;
    events[data.user_of[place]].push_back({event.time, event.event, opens});
  }
  std::map<NaiveUser, std::vector<Names>> paths;
  for (const auto& [user, seen] : events) paths[user] = paths_of(seen, ask);

  const bool is_back = ask.direction == PathsQuery::Direction::kBefore;
  const auto depth = static_cast<std::size_t>(ask.depth);
  std::vector<std::set<std::string>> shown;
  for (std::size_t place = 0; place <= depth; ++place) {
    shown.push_back(shown_at(place, static_cast<std::size_t>(ask.limit), paths));
  }
  const auto name_at = [&](std::size_t place, const Names& path) -> Ranked {
    if (place == path.size()) return {2, is_back ? "$start" : "$end"};
    if (!shown[place].contains(path[place])) return kOthers;
    return {0, path[place]};
  };
  struct Step {
    std::set<NaiveUser> users;
    std::int64_t events = 0;
  };
  std::map<std::tuple<std::size_t, Ranked, Ranked>, Step> steps;
  for (const auto& [user, all] : paths) {
    for (const Names& path : all) {
      for (std::size_t step = 1; step <= depth && step <= path.size(); ++step) {
        Ranked from = name_at(step - 1, path), to = name_at(step, path);
        if (is_back) std::swap(from, to);
        Step& found = steps[{step, from, to}];
        found.users.insert(user);
        ++found.events;
      }
    }
  }
  const bool complete = scope.now.time >= data.zone.last_second_of(instants->to);
  for (const auto& [key, step] : steps) {
    const auto& [number, from, to] = key;
    table.add_row(Cell(static_cast<std::int64_t>(number)), Cell(from.second), Cell(to.second),
                  Users(step.users.begin(), step.users.end()), Cell(step.events), Cell(complete));
  }
  return table;
}

}  // namespace rollcall::testing
