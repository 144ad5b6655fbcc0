// Reads files that somebody named, as a whole. Whatever the name leads to, the reader neither waits
// for it nor runs out of memory.
#pragma once

#include <cstddef>
#include <string>

#include "rollcall/status.h"

namespace rollcall {

// Returns the bytes of a regular file. Errors do not quote them.
//   kNotFound         there is no such file
//   kInvalidArgument  it is not a regular file (but a directory, a device or a pipe), or has more
//                     than `bytes_max` bytes
//   kIoError          it cannot be opened or read
Result<std::string> read_regular_file(const std::string& path, std::size_t bytes_max);

// Returns the rest of an open file, which may be a pipe, up to its end. `name` begins the errors.
//   kInvalidArgument  there are more than `bytes_max` bytes
//   kIoError          it cannot be read
Result<std::string> read_to_end(int descriptor, const std::string& name, std::size_t bytes_max);

}  // namespace rollcall
