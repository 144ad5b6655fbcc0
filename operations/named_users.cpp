#include "operations/named_users.h"

#include <algorithm>

#include "rollcall/kinds.h"

namespace rollcall {

bool names_users(const Query& query) {
  // Kinds are in the order of the alternatives.
  const QueryKind& kind = query_kinds()[query.ask.index()];
  const bool is_of_one = std::ranges::any_of(
      kind.fields, [](const QueryField& field) { return field.type == FieldType::kUser; });
  return query.common.members.has_value() || !kind.has_members || is_of_one;
}

}  // namespace rollcall
