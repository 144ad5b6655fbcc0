// Says which answers name users. These are for those who ask for them alone.
#pragma once

#include "rollcall/query.h"

namespace rollcall {

// Says whether the answer lists users, or is about one of them.
bool names_users(const Query& query);

}  // namespace rollcall
