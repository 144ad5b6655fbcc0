#include "tests/support/naive_kinds.h"
#include "tests/support/naive_segments.h"

namespace rollcall::testing {

Result<NaiveTable> segment_table(const SegmentQuery& ask, const NaiveScope& scope,
                                 const std::optional<PropertyCondition>& value) {
  ROLLCALL_ASSIGN_OR_RETURN(const std::set<NaiveUser> found, users_of(ask.segment, scope));
  const DaysByUser with_value = value ? scope.with(*value).days_by_user({}) : DaysByUser{};
  Users users;
  for (const NaiveUser user : found) {
    if (!value || with_value.contains(user)) users.push_back(user);
  }
  NaiveTable table;
  table.columns = {{"users", ColumnType::kCount}};
  if (!scope.data.events.empty()) table.add_row(users);
  return table;
}

}  // namespace rollcall::testing
