// The flags of such a command are the fields of the kind, and become one JSON query, which is then
// asked.
#pragma once

#include <functional>
#include <string>

#include <CLI/CLI.hpp>

#include "rollcall/kinds.h"
#include "rollcall/status.h"
#include "tools/commands/command.h"
#include "tools/commands/question_limits.h"
#include "tools/commands/store_access.h"

namespace rollcall::tools {

// Adds the command `name`, which asks a question of the kind and prints the answer; with --explain,
// it prints the question instead. `kind` is one of query_kinds().
void add_kind_command(CLI::App& parent, const std::string& name, const QueryKind& kind,
                      Action& chosen);

// Is given a question as JSON, and the flags of the command that made it.
using UseQuestion =
    std::function<Status(const std::string& json, const StoreFlags& store, const Timeout& timeout)>;

// Adds the same command with another use for the question; it takes no flags for how answers are
// printed.
void add_kind_command(CLI::App& parent, const std::string& name, const QueryKind& kind,
                      Action& chosen, UseQuestion use);

}  // namespace rollcall::tools
