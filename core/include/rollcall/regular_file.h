// Files that somebody named, read whole: whatever the name leads to, the reader neither waits for
// it nor runs out of memory.
#pragma once

#include <cstddef>
#include <string>

#include "rollcall/status.h"

namespace rollcall {

// Returns the bytes of a regular file. Errors do not quote them.
//   kNotFound         there is no such file
//   kInvalidArgument  it is none (a directory, a device, a pipe), or has more than `bytes_max`
//   bytes kIoError          it cannot be opened or read
Result<std::string> read_regular_file(const std::string& path, std::size_t bytes_max);

// Returns what an open file, which may be a pipe, has until its end. `name` begins the errors.
//   kInvalidArgument  there are more than `bytes_max` bytes
//   kIoError          it cannot be read
Result<std::string> read_to_end(int descriptor, const std::string& name, std::size_t bytes_max);

}  // namespace rollcall
