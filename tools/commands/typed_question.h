// A question written as JSON, as a person would type it.
#pragma once

#include <string>
#include <string_view>

#include "rollcall/kinds.h"

namespace rollcall::tools {

// Returns the arguments that make `json`, a question of the kind, of a command that
// add_kind_command added: "--event rate --last 7d", quoted for a shell.
std::string typed_question(const QueryKind& kind, std::string_view json);

}  // namespace rollcall::tools
