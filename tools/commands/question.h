// The flags of such a command are the fields of the kind, and become one JSON query, which is then
// asked.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "rollcall/kinds.h"
#include "tools/commands/command.h"

namespace rollcall::tools {

// Adds the command `name`, which asks a question of the kind and prints the answer; with --explain,
// it prints the question instead. `kind` is one of query_kinds().
void add_kind_command(CLI::App& parent, const std::string& name, const QueryKind& kind,
                      Action& chosen);

}  // namespace rollcall::tools
