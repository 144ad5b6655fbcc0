// The directory of a store has its files, one of which says what it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "rollcall/status.h"

namespace rollcall {

std::string format_path(const std::string& directory);
std::string anchor_path(const std::string& directory);
std::string lock_path(const std::string& directory);
std::string alert_log_path(const std::string& directory);
std::string database_path(const std::string& directory);
std::string new_table_path(const std::string& directory, std::size_t number);
std::string journal_path(const std::string& directory, std::uint64_t number);
bool is_journal_file(std::string_view name);
// Returns the numbers of the journal files that exist, ascending.
Result<std::vector<std::uint64_t>> journal_files(const std::string& directory);

enum class DirectoryState {
  kMissing,  // no such directory
  kEmpty,    // has nothing in it, or what an interrupted mark_as_store() left
  kStore,    // a store, or the beginning of one: marked, but maybe without a database
};

// Inspects `directory` and changes nothing.
//   kInvalidArgument  it is not a directory, or holds something that is not a rollcall store
//   kUnsupported      the store's format is newer than this program
Result<DirectoryState> inspect_directory(const std::string& directory);

// Creates `directory`; its parent must exist. If it exists already, that is fine.
Status make_directory(const std::string& directory);

// Writes FORMAT, which turns an empty directory, or a copy, into a store.
Status mark_as_store(const std::string& directory);

// Marks a store of an older format as one of this program's, which writes no other. Programs before
// this one refuse the store from then on.
Status raise_format(const std::string& directory);

// Writes FORMAT so that the directory is no store, but known to be an unfinished copy of one.
Status mark_as_copy(const std::string& directory);

// Returns whether it was marked that way, and not as a store since.
Result<bool> holds_unfinished_copy(const std::string& directory);

}  // namespace rollcall
