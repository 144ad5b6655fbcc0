// Exchanges sets of users with other programs as Roaring bitmaps. `read_user_file` takes them back.
//
// There is one format for every set: the portable one for numbers of 64 bits, which is that of
// Roaring64Map in C++, of BitMap64 in Python, and of the bitmaps of ClickHouse, however small the
// numbers are. Integer ids are in it as they are. Ids that are texts are in it as ordinals, which a
// dictionary explains: the file `dictionary.jsonl` in the same directory, with a line such as
// {"ordinal":0,"user":"ann"} for each user, in the order of the ordinals. All sets of a directory
// share it, so that they can be intersected. It only grows.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rollcall/answer.h"
#include "rollcall/status.h"
#include "rollcall/types.h"

namespace rollcall {

// Returns the set of `ids`, which may come in any order and more than once, as bytes.
std::string to_roaring(std::vector<std::uint64_t> ids);

// Returns the set of the users that an answer lists in its column `user`, such as the members of a
// cell. `kind` is that of the store.
//   kInvalidArgument  the answer lists no users, or the ids are texts, which need a file beside
Result<std::string> to_roaring(const QueryResult& list, UserKind kind);

// Writes the same set to the file at `path`, and replaces one that is there as a whole. Users whose
// ids are texts and who are not in the dictionary yet are added to it first; other processes may
// add to it at the same time.
//   kInvalidArgument  the answer lists no users; or `path` is the dictionary, or it is damaged, or
//                     would be larger than a list may be (user_file.h), or would begin anew beside
//                     sets, which it would explain wrongly; the text says where
//   kIoError          the operating system refused to read or write; the file is as it was
Status write_roaring_file(const QueryResult& list, UserKind kind, const std::string& path);

// Returns where the dictionary of the Roaring file at `path` lies.
std::string dictionary_beside(const std::string& path);

}  // namespace rollcall
