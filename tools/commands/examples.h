// Examples end the help of every command. Each works on the store that docs/command_line.md makes.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace rollcall::tools {

// Ends the help of a command with examples: what stands behind its name, as a shell takes it. The
// first of them is also what it says when something that it must have is missing.
void set_examples(CLI::App& command, const std::vector<std::string>& examples);

// Sets those of all commands but the ones that ask a question, whose kinds have them.
void set_examples_of_commands(CLI::App& app);

// Returns the first example of the command; empty if it has none.
std::string first_example(const CLI::App& command);

// Returns the name of the command within those above it: "rollcall segment count".
std::string full_name(const CLI::App& command);

}  // namespace rollcall::tools
