// Says where a file lies that a command is to write, with its links resolved, before it is made.
#pragma once

#include <string>

namespace rollcall::tools {

// Says whether a file of that name would lie in the directory, or below it.
bool lies_beneath(const std::string& name, const std::string& directory);

// Returns the directory of the store in which a file of that name would lie, or "" for none. A file
// in a store that is not the store's own, or that overwrites one, is damage to it.
std::string store_around(const std::string& name);

}  // namespace rollcall::tools
