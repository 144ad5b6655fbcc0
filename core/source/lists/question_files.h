// Reads lists of users in files that a question names.
#pragma once

#include <string>
#include <vector>

#include "core/base/question_account.h"
#include "core/users/user_list.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Reads as read_user_file does, for a file that lies in or beneath one of `directories`, or is one
// of them, with links resolved. Its text takes memory of the account until the call returns; the
// heap bytes of the ids stay taken. The call may throw QuestionFailure. Returns true if the file
// was compressed without a checksum.
//   kInvalidArgument  as above, or it lies elsewhere
Result<bool> read_user_file_beneath(const std::vector<std::string>& directories,
                                    const std::string& path, UserKind kind,
                                    QuestionAccount& account, UserTaker& users);

}  // namespace rollcall
