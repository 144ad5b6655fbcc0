// Lists of users in files that a question names.
#pragma once

#include <string>
#include <vector>

#include "core/base/question_account.h"
#include "core/users/user_list.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// As read_user_file, of a file that lies in or beneath one of `directories`, or is one of them,
// links resolved. Its text takes memory of the account until it returns, and what the ids take
// beside themselves stays taken; throws QuestionFailure. True: it was compressed without a
// checksum.
//   kInvalidArgument  it lies elsewhere, too
Result<bool> read_user_file_beneath(const std::vector<std::string>& directories,
                                    const std::string& path, UserKind kind,
                                    QuestionAccount& account, UserTaker& users);

}  // namespace rollcall
