// User ids as text, and lists of them in files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// An integer, or any text. `where` begins the error: a file and line, a flag.
//   kInvalidArgument  `text` is no id of the kind
Result<UserId> parse_user(std::string_view text, UserKind kind, const std::string& where);

// One id a line. A file whose name ends in ".csv" is CSV of one column with the header `user`, as
// the command line writes the members of a cell. Blank lines do not count; an id may stand there
// more than once.
//   kIoError          the file cannot be read
//   kInvalidArgument  a line that is no id of the kind; the text has file and line
Result<std::vector<UserId>> read_user_file(const std::string& path, UserKind kind);

}  // namespace rollcall
