// Lists of users in files that a question names.
#pragma once

#include <string>
#include <vector>

#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// As read_user_file, of a file that lies in or beneath one of `directories`, or is one of them,
// links resolved.
//   kInvalidArgument  it lies elsewhere, too
Result<std::vector<UserId>> read_user_file_beneath(const std::vector<std::string>& directories,
                                                   const std::string& path, UserKind kind);

}  // namespace rollcall
