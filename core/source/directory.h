// Paths to files.
#pragma once

#include <string>
#include <vector>

#include "rollcall/status.h"

namespace rollcall {

// `paths`, each directory replaced by the files in it, sorted by name; hidden ones and directories
// within are left out.
//   kNotFound  a path that is not there     kIoError  a directory that cannot be read
Result<std::vector<std::string>> expand_directories(const std::vector<std::string>& paths);

}  // namespace rollcall
