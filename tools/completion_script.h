// Completion scripts for shells are made from the options themselves, so that they cannot fall
// behind.
#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace rollcall::tools {

std::string bash_completion(const CLI::App& app);
std::string zsh_completion(const CLI::App& app);
std::string fish_completion(const CLI::App& app);

}  // namespace rollcall::tools
