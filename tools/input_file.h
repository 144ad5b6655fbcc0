// Reads a file that a command was given as a whole.
#pragma once

#include <cstddef>
#include <string>

#include "rollcall/status.h"

namespace rollcall::tools {

// Returns the bytes of the file of that name, or all of standard input if it is "-". Errors are
// those of read_regular_file and read_to_end.
Result<std::string> read_input_file(const std::string& name, std::size_t bytes_max);

}  // namespace rollcall::tools
