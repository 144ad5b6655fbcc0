#include "tests/support/naive_members.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <string>
#include <system_error>
#include <vector>

#include "tests/support/naive_time.h"

namespace rollcall::testing {

namespace {

// Returns a cell as a question names it: only dates, numbers, text and null are in the columns that
// tell rows apart.
std::string key_text(const NaiveCell& cell, const NaiveZone& zone) {
  struct Text {
    const NaiveZone& zone;
    std::string operator()(std::monostate) const { return "null"; }
    std::string operator()(bool) const { return {}; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double) const { return {}; }
    std::string operator()(Day day) const { return date_text(day); }
    std::string operator()(const ZonedTime& time) const { return zone.format_minute(time.time); }
    std::string operator()(const std::string& text) const { return text; }
  };
  return std::visit(Text{zone}, std::get<Cell>(cell));
}

// Says whether the text names the cell. One that is a time has other texts with an offset, too.
bool names(const std::string& text, const NaiveCell& cell, const NaiveZone& zone) {
  if (text == key_text(cell, zone)) return true;
  const auto* const time = std::get_if<ZonedTime>(&std::get<Cell>(cell));
  const bool has_offset =
      text.ends_with('Z') ||
      (text.size() > 6 && std::string("+-").find(text[text.size() - 6]) != std::string::npos);
  return time != nullptr && has_offset && read_time(text, zone) == time->time;
}

Result<std::size_t> row_of(const NaiveTable& table,
                           const std::vector<std::pair<std::string, std::string>>& where,
                           const NaiveZone& zone) {
  std::set<std::string> missing(table.keys.begin(), table.keys.end());
  std::set<std::string> allowed = missing;
  allowed.insert(table.optional_keys.begin(), table.optional_keys.end());
  for (const auto& [column, value] : where) {
    if (!allowed.contains(column)) return Status::invalid_argument("no key: " + column);
    missing.erase(column);
  }
  if (!missing.empty()) return Status::invalid_argument("missing key: " + *missing.begin());
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    bool is_meant = true;
    for (const auto& [column, value] : where) {
      for (std::size_t c = 0; c < table.columns.size(); ++c) {
        if (table.columns[c].name == column) {
          is_meant = is_meant && names(value, table.rows[r][c], zone);
        }
      }
    }
    if (is_meant) return r;
  }
  return Status::invalid_argument("no such row");
}

// Returns the columns that count users in some row.
std::vector<std::string> user_columns(const NaiveTable& table) {
  std::vector<std::string> names;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    const bool counts = std::any_of(table.rows.begin(), table.rows.end(), [&](const auto& row) {
      return std::holds_alternative<Users>(row[c]);
    });
    if (counts) names.push_back(table.columns[c].name);
  }
  return names;
}

}  // namespace

std::string id_text(const UserId& user) {
  if (const auto* number = std::get_if<std::uint64_t>(&user)) return std::to_string(*number);
  return std::get<std::string>(user);
}

Result<UserId> read_id(const std::string& text, UserKind kind) {
  if (kind == UserKind::kString) return UserId(text);
  std::uint64_t id = 0;
  const char* end = text.data() + text.size();
  const auto [read, error] = std::from_chars(text.data(), end, id);
  if (error != std::errc() || read != end) return Status::invalid_argument("no id: " + text);
  return UserId(id);
}

Result<QueryResult> members_of(const NaiveTable& table, const Members& members,
                               const NaiveData& data) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::size_t row, row_of(table, members.where, data.zone));
  const std::vector<std::string> countable = user_columns(table);
  if (members.of.empty() && countable.size() != 1) {
    return Status::invalid_argument("no count, or one of several");
  }
  const std::string of = members.of.empty() ? countable[0] : members.of;
  const Users* users = nullptr;
  for (std::size_t c = 0; c < table.columns.size(); ++c) {
    if (table.columns[c].name == of) users = std::get_if<Users>(&table.rows[row][c]);
  }
  if (users == nullptr) return Status::invalid_argument("no count of users: " + of);

  std::set<UserId> ids;  // numbers by size, strings by bytes
  for (const NaiveUser user : *users) ids.insert(data.users[user]);
  auto id = ids.begin();
  if (!members.after.empty()) {
    ROLLCALL_ASSIGN_OR_RETURN(const UserId after, read_id(members.after, data.settings.user_kind));
    id = ids.upper_bound(after);
  }
  QueryResult result;
  result.columns = {{"user", ColumnType::kString}};
  for (; id != ids.end(); ++id) {
    if (members.limit && result.rows.size() == *members.limit) {
      if (!result.rows.empty()) result.next = std::get<std::string>(result.rows.back()[0]);
      break;
    }
    result.rows.push_back({id_text(*id)});
  }
  return result;
}

}  // namespace rollcall::testing
