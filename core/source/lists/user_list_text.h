// The text of a list of users, whoever wrote it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// The number or text that an id is; false when it is none of the kind.
bool to_user(std::string_view text, UserKind kind, UserId& user);

// Reads a text of one of the forms that read_user_file names. `name`, of the file, begins the
// errors, which do not quote the text.
//   kInvalidArgument  as read_user_file
Result<std::vector<UserId>> read_user_list(const std::string& name, std::string_view text,
                                           UserKind kind);

}  // namespace rollcall
