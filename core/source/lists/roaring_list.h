// Reads lists of users that are Roaring bitmaps.
#pragma once

#include <string>
#include <string_view>

#include "core/base/question_account.h"
#include "core/source/lists/user_dictionary.h"
#include "core/users/user_list.h"
#include "rollcall/status.h"

namespace rollcall {

// Adds the numbers of a set as users. `name` begins the errors. The call may throw QuestionFailure.
//   kInvalidArgument  as read_roaring, or there are more users than a list may have; nothing has
//                     been added
Status read_number_set(const std::string& name, std::string_view bytes, QuestionAccount& account,
                       UserTaker& users);

// Does the same with the users whose ordinals in the dictionary are in the set. The heap bytes of
// the ids are taken from the account.
//   kInvalidArgument  as above, or the dictionary is damaged or has fewer users than the set names
Status read_text_set(const std::string& name, std::string_view bytes,
                     const std::string& dictionary_name, std::string_view dictionary,
                     QuestionAccount& account, UserTaker& users);

}  // namespace rollcall
