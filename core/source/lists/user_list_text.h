// The text of a list of users, whoever wrote it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/question_account.h"
#include "core/users/user_list.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// The number or text that an id is; false when it is none of the kind.
bool to_user(std::string_view text, UserKind kind, UserId& user);

// Reads a text of one of the forms that read_user_file names, and adds its users. `name`, of the
// file, begins the errors, which do not quote the text. What the ids take beside themselves is
// taken from the account; throws QuestionFailure.
//   kInvalidArgument  as read_user_file; nothing has been added
Status read_user_list(const std::string& name, std::string_view text, UserKind kind,
                      QuestionAccount& account, UserTaker& users);

}  // namespace rollcall
