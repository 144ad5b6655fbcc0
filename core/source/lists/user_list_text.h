// Reads the text of a list of users.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/base/question_account.h"
#include "core/users/user_list.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Reads the number or text of an id. Returns false if it is not an id of the kind.
bool to_user(std::string_view text, UserKind kind, UserId& user);

// Reads a text in one of the forms that read_user_file lists, and adds its users. `name`, which is
// that of the file, begins the errors, which do not quote the text. The heap bytes of the ids are
// taken from the account. The call may throw QuestionFailure.
//   kInvalidArgument  as read_user_file; nothing has been added
Status read_user_list(const std::string& name, std::string_view text, UserKind kind,
                      QuestionAccount& account, UserTaker& users);

}  // namespace rollcall
