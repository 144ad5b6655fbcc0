// A command line that is not one: what is wrong with it, and what would be right.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace rollcall::tools {

// Returns a line that says what is wrong, and one that hints at what is allowed. `app` has read the
// command line as far as it can be.
std::string usage_error_text(const CLI::App& app, const CLI::ParseError& error);

}  // namespace rollcall::tools
