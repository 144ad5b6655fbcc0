// The text of a list of users, whoever wrote it.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "core/query/question_account.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// The number or text that an id is; false when it is none of the kind.
bool to_user(std::string_view text, UserKind kind, UserId& user);

// What becomes of the users of a list.
class UserTaker {
 public:
  virtual ~UserTaker() = default;
  // Comes once, before the first of them: how many there are.
  virtual void make_room(std::size_t count) = 0;
  virtual void add(UserId user) = 0;
};

// Reads a text of one of the forms that read_user_file names, and adds its users. `name`, of the
// file, begins the errors, which do not quote the text. What the ids take beside themselves is
// taken from the account; throws QuestionFailure.
//   kInvalidArgument  as read_user_file; nothing has been added
Status read_user_list(const std::string& name, std::string_view text, UserKind kind,
                      QuestionAccount& account, UserTaker& users);

// The bytes of the heap that an id takes.
std::size_t heap_bytes(const UserId& user);

}  // namespace rollcall
