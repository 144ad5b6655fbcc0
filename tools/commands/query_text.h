// Questions as JSON, from where the command line says.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "rollcall/status.h"

namespace rollcall::tools {

// Adds the argument SPEC: a file, the JSON itself, or - for standard input.
void add_query_text(CLI::App& command, std::string& spec);

Result<std::string> read_query_text(const std::string& spec);

// The status with the file in front, and the line and column joined to its name where the text is
// not JSON: "spec.json:2:10: malformed JSON: ...".
Status located(const Status& status, const std::string& spec);

}  // namespace rollcall::tools
