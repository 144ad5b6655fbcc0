// These flags say how files of events are read.
#pragma once

#include <CLI/CLI.hpp>

#include "rollcall/file_source.h"

namespace rollcall::tools {

// What is not on the command line stays unset in `options`, to be guessed.
void add_source_flags(CLI::App& command, SourceOptions& options);

}  // namespace rollcall::tools
